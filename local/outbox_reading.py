"""Reading deliveries for people, the finished ones too, for which no index exists."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from typing import Any

from aftersales import aws
from aftersales.cases.model import Case, Delivery, DeliveryState
from aftersales.tables import outbox


def every_delivery(states: Iterable[DeliveryState]) -> Iterator[Delivery]:
    """All deliveries in these states, unordered. Reads the whole table, which no function does:
    a person asked, and deliveries are kept for ninety days only."""
    values = {f":s{n}": {"S": state.value} for n, state in enumerate(states)}
    client: Any = aws.client("dynamodb")
    pages = client.get_paginator("scan").paginate(
        TableName=f"{os.environ['TABLE_PREFIX']}-outbox",
        FilterExpression=f"#state IN ({', '.join(values)})",
        ExpressionAttributeNames={"#state": "state"},
        ExpressionAttributeValues=values,
    )
    for page in pages:
        yield from map(outbox.from_image, page["Items"])


def deliveries_of(case: Case, targets: Iterable[str]) -> Iterator[Delivery]:
    """A case's deliveries to the targets that are known now, oldest first: their ids are made of
    the case's id, the number of the alert and the target."""
    names = tuple(targets)
    for number in range(1, case.alerts + 1):
        for name in names:
            found = outbox.get(f"{case.case_id}-{number}:{name}")
            if found is not None:
                yield found
