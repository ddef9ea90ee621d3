"""One row of an export -> what it says about its order or orders.

Key cells (order number, line number, waybill number) that cannot be trusted refuse the row. Any
other cell that cannot be read leaves its field unknown and is reported: a parcel is not left alone
because a date is misspelt.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, tzinfo
from typing import TypeVar

from msgspec import Struct, field
from msgspec.structs import replace

from aftersales.errors import BadInput
from aftersales.messages.masking import mask_text
from aftersales.parcels import OrderLine, OrderStatus, RefundStatus, Shipment
from aftersales.platforms import regions, statuses, values
from aftersales.platforms.export_layouts import Layout
from aftersales.platforms.file_orders import Fact
from aftersales.platforms.headers import Header
from aftersales.platforms.rounding import RoundedNumbers
from aftersales.platforms.spreadsheet import Row
from aftersales.platforms.values import Cell

T = TypeVar("T")

STATUS_SHOWN_CHARACTERS = 40
RAW_FIELDS = (
    "order_id", "line_id", "status", "waybill_number", "courier_name", "created_at", "shipped_at",
    "refund_id", "refund_status",
)  # fmt: skip
"""What quarantine keeps of a refused row: enough to mend it, nothing about a person."""


class Unread(Struct):
    """Cells of one kind that were not understood: how many, and where the first one stands."""

    first_row: int
    count: int = 0


class RowReader(Struct):
    """Reads rows under one header. `zone` is that of times without an offset."""

    header: Header
    place: str
    zone: tzinfo
    currency: str
    rounded: RoundedNumbers = field(default_factory=RoundedNumbers)
    unread: dict[str, Unread] = field(default_factory=dict)

    @property
    def layout(self) -> Layout:
        """The kind of export."""
        return self.header.layout

    def facts(self, row: Row) -> list[Fact]:
        """One fact per order named in the row.

        Raises `BadInput` (its place is the column) where the row cannot be trusted.
        """
        if row.broken:
            raise BadInput(row.broken)
        several = self.layout.several_ids
        order_ids = self._key(row, "order_id", lambda c: values.order_numbers(c, several=several))
        if not order_ids:
            raise BadInput("there is no order number", place=self._column("order_id"))
        alone = len(order_ids) == 1
        for number in order_ids if alone else ():
            self.rounded.look_at(
                self._column("order_id"), number, row.number, lambda: self.raw(row)
            )
        line_id = self._key(row, "line_id", values.number_text) or ""
        status, raw_status = self._status(row)
        address = self._text(row, "address")
        province, city = self._region(row, address)
        currency = self._currency(row)
        facts = []
        for order_id in order_ids:
            facts.append(
                Fact(
                    place=self.place,
                    row=row.number,
                    order_id=order_id,
                    layout=self.layout,
                    line_id=line_id if alone else "",
                    status=status,
                    raw_status=raw_status,
                    created_at=self._time(row, "created_at"),
                    paid_at=self._time(row, "paid_at"),
                    shipped_at=self._time(row, "shipped_at"),
                    finished_at=self._time(row, "finished_at"),
                    ship_by=self._time(row, "ship_by"),
                    # Amounts and goods of a merged row cannot be told apart.
                    amount=self._paid_or_payable(row, currency) if alone else None,
                    currency=currency,
                    buyer_ref=self._text(row, "buyer_ref")[:80],
                    phone_tail=regions.phone_tail(self._text(row, "phone") or address),
                    province=province,
                    city=city,
                    country=regions.country(self._text(row, "country"), province),
                    refund=self._refund(row),
                    refund_id=self._text(row, "refund_id")[:64],
                    refund_amount=self._amount(row, "refund_amount", currency) if alone else None,
                    refund_at=self._time(row, "refund_done_at")
                    or self._time(row, "refund_applied_at"),
                    line=self._line(row, line_id, currency) if alone else None,
                    shipments=self._shipments(row),
                )
            )
        return facts

    def total(self, row: Row) -> int | None:
        """The order amount in a row, for comparing a totals row; None where there is none."""
        try:
            return self._paid_or_payable(row, self.currency)
        except BadInput:
            return None

    def raw(self, row: Row) -> str:
        """A row as JSON (header -> text), without what concerns a person."""
        if row.broken:
            return ""
        kept = {}
        waybills = [index for pair in self.header.parcels for index in pair if index is not None]
        known = [index for name in RAW_FIELDS for index in self.header.columns.get(name, ())]
        for index in dict.fromkeys([*known, *waybills]):
            if index < len(row.cells) and row.cells[index] not in ("", None):
                kept[self.header.names[index]] = str(row.cells[index])[:200]
        return json.dumps(kept, ensure_ascii=False)

    def _column(self, name: str) -> str:
        index = self.header.column(name)
        return "" if index is None else self.header.names[index]

    def _cell(self, row: Row, name: str) -> Cell:
        for index in self.header.columns.get(name, ()):
            if index < len(row.cells):
                cell = row.cells[index]
                if cell is not None and cell != "":
                    return cell
        return None

    def _text(self, row: Row, name: str) -> str:
        cell = self._cell(row, name)
        return "" if cell is None else values.text(cell)

    def _key(self, row: Row, name: str, read: Callable[[Cell], T]) -> T | None:
        """A cell that decides what the row is about: unreadable means that the row is refused."""
        cell = self._cell(row, name)
        if cell is None:
            return None
        try:
            return read(cell)
        except BadInput as exc:
            raise BadInput(exc.reason, place=self._column(name)) from exc

    def _optional(self, row: Row, name: str, read: Callable[[Cell], T | None]) -> T | None:
        cell = self._cell(row, name)
        if cell is None:
            return None
        try:
            return read(cell)
        except BadInput as exc:
            # Not the cell's text and not the error's: either could hold personal data.
            del exc
            self._note(row, f"column {self._column(name)} could not be read and was left unknown")
            return None

    def _note(self, row: Row, what: str) -> None:
        self.unread.setdefault(what, Unread(row.number)).count += 1

    def _time(self, row: Row, name: str) -> datetime | None:
        month_first = self.layout.month_first
        return self._optional(
            row, name, lambda cell: values.moment(cell, self.zone, month_first=month_first)
        )

    def _amount(self, row: Row, name: str, currency: str) -> int | None:
        return self._optional(row, name, lambda cell: values.amount(cell, currency))

    def _paid_or_payable(self, row: Row, currency: str) -> int | None:
        paid = self._amount(row, "amount_paid", currency)
        return self._amount(row, "amount_payable", currency) if paid is None else paid

    def _currency(self, row: Row) -> str:
        stated = self._text(row, "currency").upper()
        return (
            stated if len(stated) == 3 and stated.isascii() and stated.isalpha() else self.currency
        )

    def _status(self, row: Row) -> tuple[OrderStatus, str]:
        if self.layout.all_unshipped:
            return OrderStatus.PAID, ""
        text = str(self._cell(row, "status") or "").strip() if self._text(row, "status") else ""
        if self.layout.name == "shopify":
            text = self._shopify_state(row, text)
        if not text:
            return OrderStatus.UNKNOWN, ""
        status = statuses.order_status(text)
        if status is OrderStatus.UNKNOWN:
            self._note(row, f"order status {_shown(text)} is not known")
        return status, text[:STATUS_SHOWN_CHARACTERS]

    def _shopify_state(self, row: Row, fulfilment: str) -> str:
        """Shopify tells payment, shipping and cancelling apart, in an order's first row only."""
        if self._text(row, "cancelled_at"):
            return "cancelled"
        if fulfilment in ("fulfilled", "partial"):
            return fulfilment
        money_state = self._text(row, "refund_status")
        return "paid" if money_state == "partially_refunded" else money_state

    def _refund(self, row: Row) -> RefundStatus | None:
        if "refund_status" not in self.header.columns:
            return RefundStatus.UNKNOWN if self.layout.after_sales else None
        text = self._text(row, "refund_status")
        if not text and (self.layout.after_sales or self.layout.name == "shopify"):
            return None
        status = statuses.refund_status(text)
        if status is RefundStatus.UNKNOWN:
            self._note(row, f"after-sales status {_shown(text)} is not known")
        if status is RefundStatus.DONE and "部分" in self._text(row, "refund_extent"):
            return RefundStatus.PARTIAL
        return status

    def _region(self, row: Row, address: str) -> tuple[str, str]:
        province = regions.province(self._text(row, "province"))
        city = regions.city(self._text(row, "city"), province)
        if province or city or not address:
            return province, city
        return regions.of_address(address)

    def _line(self, row: Row, line_id: str, currency: str) -> OrderLine | None:
        title, sku = self._text(row, "title"), self._text(row, "sku")
        if not title and not sku:
            return None
        quantity = self._optional(row, "quantity", values.quantity)
        return OrderLine(
            title=title[:200],
            quantity=1 if quantity is None else quantity,
            sku=sku[:100],
            amount_minor=self._amount(row, "line_amount", currency),
            line_id=line_id,
        )

    def _weight(self, row: Row) -> int | None:
        header = self._column("weight")
        return self._optional(row, "weight", lambda cell: values.grams(cell, header))

    def _sides(self, row: Row) -> tuple[int | None, int | None, int | None]:
        header = self._column("size")
        together = self._optional(row, "size", lambda cell: values.sides(cell, header))
        return together or (
            self._side(row, "length"),
            self._side(row, "width"),
            self._side(row, "height"),
        )

    def _side(self, row: Row, name: str) -> int | None:
        header = self._column(name)
        return self._optional(row, name, lambda cell: values.millimetres(cell, header))

    def _measured(self, shipment: Shipment, row: Row) -> Shipment:
        """The shipment with what the seller weighed, measured and ordered of the courier."""
        length, width, height = self._sides(row)
        currency = self._currency(row)
        return replace(
            shipment,
            weight_g=self._weight(row),
            length_mm=length,
            width_mm=width,
            height_mm=height,
            service=self._text(row, "service")[:40],
            declared_value_minor=self._amount(row, "declared_value", currency),
            cod_minor=self._amount(row, "cash_on_delivery", currency),
        )

    def _shipments(self, row: Row) -> tuple[Shipment, ...]:
        shipments = []
        shipped_at = None
        for waybill_column, courier_column in self.header.parcels:
            if waybill_column >= len(row.cells):
                continue
            column = self.header.names[waybill_column]
            try:
                found = values.parcels(row.cells[waybill_column], douyin=column == "快递信息")
            except BadInput as exc:
                raise BadInput(exc.reason, place=column) from exc
            if not found:
                continue
            shipped_at = shipped_at or self._time(row, "shipped_at")
            beside = ""
            if courier_column is not None and courier_column < len(row.cells):
                beside = values.text(row.cells[courier_column])
            # One weight for several parcels is nobody's.
            alone = len(found) == 1 and len(self.header.parcels) == 1
            for number, name in found:
                self.rounded.look_at(column, number, row.number, lambda: self.raw(row))
                text = name or beside
                courier = values.courier(text) if text else ""
                shipment = Shipment(number, courier, text[:40], shipped_at)
                shipments.append(self._measured(shipment, row) if alone else shipment)
        return tuple(shipments)


def _shown(text: str) -> str:
    """A status for a note. Where columns have slipped, somebody's phone may stand in it."""
    return mask_text(text[:STATUS_SHOWN_CHARACTERS])
