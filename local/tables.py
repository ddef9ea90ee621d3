"""Making the template's tables at an endpoint, and telling when those there do not fit."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from aftersales.errors import Misconfigured
from local.template import TEMPLATE, Table, load


def create_tables(client: Any, template_path: Path = TEMPLATE, prefix: str = "aftersales") -> None:
    """Make all tables of the template, named `<prefix>-...`, at a boto3 DynamoDB client's endpoint.

    Idempotent. Raises `Misconfigured` where a table exists with other keys, indexes or no stream.
    """
    for table in load(template_path, prefix=prefix).tables:
        if not table.name.startswith(f"{prefix}-"):
            raise Misconfigured(
                f"{template_path.name}: the name of {table.logical_id} does not begin with the "
                "table prefix."
            )
        ensure_table(client, table)


def ensure_table(client: Any, table: Table) -> None:
    """Make one table, or check that the one there fits."""
    try:
        client.create_table(**table.definition)
    except client.exceptions.ResourceInUseException:
        _check(client.describe_table(TableName=table.name)["Table"], table)
    client.get_waiter("table_exists").wait(
        TableName=table.name, WaiterConfig={"Delay": 1, "MaxAttempts": 30}
    )
    if table.ttl_attribute:
        known = client.describe_time_to_live(TableName=table.name)["TimeToLiveDescription"]
        if known.get("TimeToLiveStatus") not in {"ENABLED", "ENABLING"}:
            client.update_time_to_live(
                TableName=table.name,
                TimeToLiveSpecification={"Enabled": True, "AttributeName": table.ttl_attribute},
            )


def _check(found: dict[str, Any], table: Table) -> None:
    wanted = table.definition
    differences = []
    if _keys(found) != _keys(wanted):
        differences.append("has other keys")
    have = {index["IndexName"]: _keys(index) for index in found.get("GlobalSecondaryIndexes", ())}
    for index in wanted.get("GlobalSecondaryIndexes", ()):
        if have.get(index["IndexName"]) != _keys(index):
            differences.append(f"lacks the index {index['IndexName']}")
    if table.has_stream and not found.get("StreamSpecification", {}).get("StreamEnabled"):
        differences.append("has no stream")
    if differences:
        raise Misconfigured(
            f"The table {table.name} {' and '.join(differences)}: another version made it.",
            what_to_do="Start with an empty state folder (--state), or with the version that made "
            "this one.",
        )


def _keys(description: Any) -> set[tuple[str, str]]:
    return {(key["AttributeName"], key["KeyType"]) for key in description["KeySchema"]}
