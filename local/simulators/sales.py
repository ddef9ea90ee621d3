"""An order of a simulated live shop, with all that will ever happen to it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from local.simulators.world import Consignment


class Stage(StrEnum):
    """How far an order is."""

    UNPAID = "unpaid"
    PAID = "paid"
    PARTLY_SHIPPED = "partly_shipped"
    SHIPPED = "shipped"
    FINISHED = "finished"
    ABANDONED = "abandoned"
    REFUNDED = "refunded"


@dataclass(frozen=True, slots=True)
class Line:
    """Goods (title, SKU, price) in an order, and the parcel they travel in, if they ever do."""

    goods: tuple[str, str, str]
    quantity: int = 1
    parcel: Consignment | None = None

    @property
    def amount(self) -> Decimal:
        """What the buyer pays for it."""
        return Decimal(self.goods[2]) * self.quantity


@dataclass(frozen=True, slots=True)
class Sale:
    """An order. Times are whole seconds of business time.

    A split order has lines in several parcels; of merged orders, one parcel holds the lines of
    several. `noted_at`: the seller writes something on it, which changes nothing else.
    """

    order_id: str
    buyer: str
    lines: tuple[Line, ...]
    placed_at: datetime
    paid_at: datetime | None = None
    abandoned_at: datetime | None = None
    finished_at: datetime | None = None
    refund_asked_at: datetime | None = None
    refunded_at: datetime | None = None
    noted_at: datetime | None = None
    extended_by_buyer: bool = False
    """The buyer has moved the receipt time; nobody else may after that."""
    province: str = ""
    city: str = ""
    country: str = "CN"

    @property
    def amount(self) -> Decimal:
        """What the buyer pays."""
        return sum((line.amount for line in self.lines), Decimal(0))

    @property
    def parcels(self) -> tuple[Consignment, ...]:
        """The parcels it travels in, in the order in which they leave."""
        found = {p.waybill_number: p for line in self.lines if (p := line.parcel) is not None}
        return tuple(sorted(found.values(), key=lambda parcel: parcel.shipped_at))

    @property
    def refund_id(self) -> str:
        """The number of its refund, should there be one."""
        return f"7{self.order_id[-9:]}"

    def parcels_left(self, now: datetime) -> tuple[Consignment, ...]:
        """Those that have left by `now`."""
        return tuple(parcel for parcel in self.parcels if parcel.shipped_at <= now)

    def stage(self, now: datetime) -> Stage:
        """How far it is at `now`."""
        come = [stage for at, stage in self._steps() if stage is not None and at <= now]
        return come[-1] if come else Stage.UNPAID

    def changed_at(self, now: datetime) -> datetime:
        """When something last happened to it, as of `now`."""
        return max(at for at, _ in self._steps() if at <= now)

    def _steps(self) -> list[tuple[datetime, Stage | None]]:
        *first, last = self.parcels or (None,)
        steps = (
            (self.placed_at, Stage.UNPAID), (self.paid_at, Stage.PAID),
            *((parcel.shipped_at, Stage.PARTLY_SHIPPED) for parcel in first if parcel is not None),
            (last.shipped_at if last else None, Stage.SHIPPED), (self.finished_at, Stage.FINISHED),
            (self.abandoned_at, Stage.ABANDONED), (self.refund_asked_at, None),
            (self.refunded_at, Stage.REFUNDED), (self.noted_at, None),
        )  # fmt: skip
        return [(at, stage) for at, stage in steps if at is not None]
