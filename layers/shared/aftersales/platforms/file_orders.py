"""Rows of exports become orders: one order may stand in many rows, and in several versions.

The outcome does not depend on the order of the rows. The newest known value of a field wins, where
newest means: the latest time in the row, then the state that is furthest on.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from typing import TypeVar
from zoneinfo import ZoneInfo

from msgspec import Struct
from msgspec.structs import replace

from aftersales.parcels import Order, OrderLine, OrderStatus, RefundStatus, Shipment
from aftersales.platforms.export_layouts import Layout

T = TypeVar("T")

MEASURED = (
    "weight_g",
    "length_mm",
    "width_mm",
    "height_mm",
    "service",
    "declared_value_minor",
    "cod_minor",
)
"""What a shipment says of its parcel for checking the courier's bill."""

_RANK = {status: rank for rank, status in enumerate(OrderStatus)} | {OrderStatus.UNKNOWN: -1}
_ON_THE_WAY = frozenset({OrderStatus.PARTLY_SHIPPED, OrderStatus.SHIPPED, OrderStatus.FINISHED})
_PDD_NUMBER = re.compile(r"(\d{2})(\d{2})(\d{2})-\d{9,}")
_NO_TIME = datetime.min.replace(tzinfo=UTC)


class Fact(Struct):
    """What one row says about one order. Times are aware UTC; amounts in minor units.

    `refund` is None where the row says nothing about after-sales requests.
    """

    place: str
    row: int
    order_id: str
    layout: Layout
    line_id: str = ""
    status: OrderStatus = OrderStatus.UNKNOWN
    raw_status: str = ""
    created_at: datetime | None = None
    paid_at: datetime | None = None
    shipped_at: datetime | None = None
    finished_at: datetime | None = None
    ship_by: datetime | None = None
    amount: int | None = None
    currency: str = ""
    buyer_ref: str = ""
    phone_tail: str = ""
    province: str = ""
    city: str = ""
    country: str = ""
    refund: RefundStatus | None = None
    refund_id: str = ""
    refund_amount: int | None = None
    refund_at: datetime | None = None
    line: OrderLine | None = None
    shipments: tuple[Shipment, ...] = ()

    @property
    def line_key(self) -> str:
        """Tells the lines of one order apart; "" where the row names no line."""
        if self.line_id:
            return self.line_id
        return f"{self.line.title}\x1f{self.line.sku}" if self.line else ""

    @property
    def age(self) -> tuple[object, ...]:
        """Sorts the rows of one order from old to new, in one way only."""
        times = (self.created_at, self.paid_at, self.shipped_at, self.finished_at, self.refund_at)
        return (
            max((time for time in times if time is not None), default=_NO_TIME),
            _RANK[self.status],
            self.line_id,
            self.refund_id,
            self.raw_status,
            str(self.refund),
            repr((self.amount, self.refund_amount, self.line, self.shipments, self.ship_by)),
            (self.buyer_ref, self.phone_tail, self.province, self.city, self.country),
        )


class Gathering(Struct, frozen=True):
    """The orders of a file, in the order in which they first stand there, and what to tell."""

    orders: tuple[Order, ...]
    notes: tuple[str, ...] = ()


def gathered(facts: Iterable[Fact], shop_id: str, currency: str) -> Gathering:
    """Unite the rows of each order. `currency` holds where the file names none."""
    by_order: dict[str, list[Fact]] = {}
    for fact in facts:
        by_order.setdefault(fact.order_id, []).append(fact)
    notes: Counter[str] = Counter()
    orders = tuple(_order(rows, shop_id, currency, notes) for rows in by_order.values())
    return Gathering(orders, tuple(f"{what} ({count} orders)" for what, count in notes.items()))


def _order(rows: list[Fact], shop_id: str, currency: str, notes: Counter[str]) -> Order:
    if len(rows) > 1:
        rows.sort(key=lambda fact: fact.age)
    first = rows[0]
    amount = _amount(rows, notes)
    refund = _refund(rows)
    refund_amount = _refund_amount(rows, refund, amount)
    status, raw_status = _status(rows)
    return Order(
        shop_id=shop_id,
        order_id=first.order_id,
        status=status,
        raw_status=raw_status,
        created_at=_newest(rows, lambda fact: fact.created_at) or _date_in_number(first),
        paid_at=_newest(rows, lambda fact: fact.paid_at),
        shipped_at=_newest(rows, lambda fact: fact.shipped_at),
        finished_at=_newest(rows, lambda fact: fact.finished_at),
        ship_by=_newest(rows, lambda fact: fact.ship_by),
        amount_minor=amount,
        currency=(_newest(rows, lambda fact: fact.currency) or currency)
        if amount is not None or refund_amount is not None
        else "",
        buyer_ref=_newest(rows, lambda fact: fact.buyer_ref) or "",
        phone_tail=_newest(rows, lambda fact: fact.phone_tail) or "",
        province=_newest(rows, lambda fact: fact.province) or "",
        city=_newest(rows, lambda fact: fact.city) or "",
        country=_newest(rows, lambda fact: fact.country) or "",
        refund=refund,
        refund_id=_refund_id(rows),
        refund_amount_minor=refund_amount,
        lines=_lines(rows),
        shipments=_shipments(rows),
    )


def _newest(rows: Sequence[Fact], value: Callable[[Fact], T | None]) -> T | None:
    """The newest known value of a field."""
    for fact in reversed(rows):
        found = value(fact)
        if found is not None and found != "":
            return found
    return None


def _status(rows: Sequence[Fact]) -> tuple[OrderStatus, str]:
    """The order's state out of those of its lines."""
    by_line = {fact.line_key: fact for fact in rows if fact.status is not OrderStatus.UNKNOWN}
    if not by_line:
        return OrderStatus.UNKNOWN, _newest(rows, lambda fact: fact.raw_status) or ""
    newest = max(by_line.values(), key=lambda fact: fact.age)
    states = {fact.status for fact in by_line.values()}
    # A closed line beside others does not close the order.
    states = states - {OrderStatus.CLOSED} or states
    if states & _ON_THE_WAY and states & {OrderStatus.PAID, OrderStatus.PARTLY_SHIPPED}:
        status = OrderStatus.PARTLY_SHIPPED
    elif states == {OrderStatus.SHIPPED, OrderStatus.FINISHED}:
        status = OrderStatus.SHIPPED
    else:
        status = states.pop() if len(states) == 1 else newest.status
    fitting = [fact for fact in by_line.values() if fact.status is status] or [newest]
    return status, max(fitting, key=lambda fact: fact.age).raw_status


def _amount(rows: Sequence[Fact], notes: Counter[str]) -> int | None:
    """The order's amount, or None where its lines state different ones: then it is the lines'."""
    by_line = {fact.line_key: fact.amount for fact in rows if fact.amount is not None}
    if len(set(by_line.values())) > 1:
        notes["the lines of an order state different amounts; the order's was left unknown"] += 1
        return None
    return next(iter(by_line.values()), None)


def _requests(rows: Sequence[Fact]) -> dict[str, Fact]:
    """The newest row of each after-sales request, by its number, or the line it belongs to."""
    requests: dict[str, Fact] = {}
    for fact in rows:
        if fact.refund is not None:
            of_line = fact.line_key if fact.layout.lines_have_refunds else ""
            requests[fact.refund_id or of_line] = fact
    return requests


def _refund(rows: Sequence[Fact]) -> RefundStatus:
    requests = _requests(rows).values()
    states = {fact.refund for fact in requests}
    if RefundStatus.OPEN in states:
        return RefundStatus.OPEN
    if RefundStatus.DONE in states:
        by_line = any(fact.layout.lines_have_refunds for fact in requests)
        return (
            RefundStatus.PARTIAL if by_line and RefundStatus.NONE in states else RefundStatus.DONE
        )
    if RefundStatus.PARTIAL in states:
        return RefundStatus.PARTIAL
    if states == {RefundStatus.NONE}:
        return RefundStatus.NONE
    return RefundStatus.UNKNOWN


def _refund_id(rows: Sequence[Fact]) -> str:
    still_open = [fact for fact in rows if fact.refund is RefundStatus.OPEN and fact.refund_id]
    return _newest(still_open or rows, lambda fact: fact.refund_id) or ""


def _refund_amount(
    rows: Sequence[Fact], refund: RefundStatus, order_amount: int | None
) -> int | None:
    """The sum over the requests that stand. Without a column for it all the money went back."""
    if refund in (RefundStatus.NONE, RefundStatus.UNKNOWN):
        return None
    standing = [fact for fact in _requests(rows).values() if fact.refund is not RefundStatus.NONE]
    amounts = [fact.refund_amount for fact in standing if fact.refund_amount is not None]
    if amounts:
        return sum(amounts)
    says_nothing = not any(fact.layout.after_sales for fact in standing)
    return order_amount if refund is RefundStatus.DONE and says_nothing else None


def _lines(rows: Sequence[Fact]) -> tuple[OrderLine, ...]:
    lines = {fact.line_key: fact.line for fact in rows if fact.line is not None}
    return tuple(lines[key] for key in sorted(lines))


def _shipments(rows: Sequence[Fact]) -> tuple[Shipment, ...]:
    told: dict[str, list[Shipment]] = {}
    for fact in rows:
        for shipment in fact.shipments:
            told.setdefault(shipment.waybill_number, []).append(shipment)
    return tuple(_one_shipment(told[number]) for number in sorted(told))


def _one_shipment(told: Sequence[Shipment]) -> Shipment:
    """One parcel from all rows about it. Weights that differ are those of goods, not of the parcel:
    what not all rows say alike is not known."""
    named = next((one for one in reversed(told) if one.courier_text), told[0])
    shipped_at = next((one.shipped_at for one in reversed(told) if one.shipped_at), None)
    unclear = {
        name: None if name != "service" else ""
        for name in MEASURED
        if len({getattr(one, name) for one in told}) > 1
    }
    return replace(named, shipped_at=shipped_at, **unclear)


def _date_in_number(fact: Fact) -> datetime | None:
    """Pinduoduo numbers begin with the day of the order; its time column may be wholly empty."""
    match = _PDD_NUMBER.fullmatch(fact.order_id)
    if match is None or not fact.layout.name.startswith("pdd"):
        return None
    year, month, day = (int(part) for part in match.groups())
    try:
        local = datetime(2000 + year, month, day, tzinfo=ZoneInfo("Asia/Shanghai"))
    except ValueError:
        return None
    return local.astimezone(UTC)
