"""Making the template's tables at an endpoint, and telling when those there do not fit."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from aftersales.errors import Misconfigured
from local.template import TEMPLATE, Table, load


def create_tables(client: Any, template_path: Path = TEMPLATE, prefix: str = "aftersales") -> None:
    """Make all tables of the template, named `<prefix>-...`, at a boto3 DynamoDB client's endpoint.

    Idempotent. Raises `Misconfigured` where a table exists with other keys.
    """
    for table in load(template_path, prefix=prefix).tables:
        if not table.name.startswith(f"{prefix}-"):
            raise Misconfigured(
                f"{template_path.name}: the name of {table.logical_id} does not begin with the "
                "table prefix."
            )
        ensure_table(client, table)


def ensure_table(client: Any, table: Table) -> None:
    """Make one table; to one that an earlier version made, add the indexes and the stream it lacks.

    Raises `Misconfigured` where its keys are others: its items could not be found.
    """
    try:
        client.create_table(**table.definition)
    except client.exceptions.ResourceInUseException:
        for change in _changes(client.describe_table(TableName=table.name)["Table"], table):
            client.update_table(TableName=table.name, **change)
            _wait(client, table)
    _wait(client, table)
    if table.ttl_attribute:
        known = client.describe_time_to_live(TableName=table.name)["TimeToLiveDescription"]
        if known.get("TimeToLiveStatus") not in {"ENABLED", "ENABLING"}:
            client.update_time_to_live(
                TableName=table.name,
                TimeToLiveSpecification={"Enabled": True, "AttributeName": table.ttl_attribute},
            )


def _wait(client: Any, table: Table) -> None:
    client.get_waiter("table_exists").wait(
        TableName=table.name, WaiterConfig={"Delay": 1, "MaxAttempts": 30}
    )


def _changes(found: dict[str, Any], table: Table) -> list[dict[str, Any]]:
    """The updates that a table needs, one after the other: DynamoDB adds one index at a time."""
    wanted = table.definition
    have = {index["IndexName"]: _keys(index) for index in found.get("GlobalSecondaryIndexes", ())}
    differences = [] if _keys(found) == _keys(wanted) else ["has other keys"]
    changes = []
    for index in wanted.get("GlobalSecondaryIndexes", ()):
        name = index["IndexName"]
        if name not in have:
            changes.append(
                {
                    "AttributeDefinitions": wanted["AttributeDefinitions"],
                    "GlobalSecondaryIndexUpdates": [{"Create": index}],
                }
            )
        elif have[name] != _keys(index):
            differences.append(f"has other keys in the index {name}")
    if differences:
        raise Misconfigured(
            f"The table {table.name} {' and '.join(differences)}: another version made it.",
            what_to_do="Start with an empty state folder (--state), or with the version that made "
            "this one.",
        )
    if table.has_stream and not found.get("StreamSpecification", {}).get("StreamEnabled"):
        changes.append({"StreamSpecification": wanted["StreamSpecification"]})
    return changes


def _keys(description: Any) -> set[tuple[str, str]]:
    return {(key["AttributeName"], key["KeyType"]) for key in description["KeySchema"]}
