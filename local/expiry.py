"""Deleting what its table says may be forgotten: the embedded engine keeps expired items."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from local.template import Table

if TYPE_CHECKING:
    from botocore.client import BaseClient

FIRST_AFTER_SECONDS = 60.0
EVERY_SECONDS = 6 * 3600.0
"""AWS deletes within two days; nobody may rely on it sooner."""


def delete_expired(client: BaseClient, tables: tuple[Table, ...], now: datetime) -> int:
    """Delete all items whose expiry is before `now`; returns how many they were.

    Reads whole tables, which no deployed path does: this stands in for the service's own sweep.
    """
    dynamodb: Any = client
    deleted = 0
    for table in tables:
        if not table.ttl_attribute:
            continue
        keys = [key["AttributeName"] for key in table.definition["KeySchema"]]
        names = {f"#k{number}": key for number, key in enumerate(keys)}
        expiry = {"#ttl": table.ttl_attribute}
        limit = {":now": {"N": str(int(now.timestamp()))}}
        pages = dynamodb.get_paginator("scan").paginate(
            TableName=table.name,
            FilterExpression="#ttl < :now",
            ProjectionExpression=", ".join(names),
            ExpressionAttributeNames={**names, **expiry},
            ExpressionAttributeValues=limit,
        )
        for page in pages:
            for key in page["Items"]:
                try:
                    dynamodb.delete_item(
                        TableName=table.name,
                        Key=key,
                        # It may have been given more time since it was read.
                        ConditionExpression="#ttl < :now",
                        ExpressionAttributeNames=expiry,
                        ExpressionAttributeValues=limit,
                    )
                except dynamodb.exceptions.ConditionalCheckFailedException:
                    continue
                deleted += 1
    return deleted
