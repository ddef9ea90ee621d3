"""What happens in a live shop: orders are placed, paid or abandoned, shipped, refunded.

Both simulated platforms tell of such a life, each in its own words. It follows from the seed, the
origin and the business clock alone; nothing of it is stored.
"""

from __future__ import annotations

import random
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum

from local.simulators import lives_abroad as abroad
from local.simulators import lives_at_home as home
from local.simulators.numbers import order_number, postal_number, waybill_number
from local.simulators.world import Consignment

TMALL_SHOP, WOO_SHOP = "guanju-tmall", "lumen-store"

WAVE_HOURS = 4.0
WAVE_ORDERS, WAVE_MINUTES = (3, 5), 25
"""Orders come together, as after a newsletter: so many of them within so many minutes. On a clock
on which a second is a quarter of an hour, the room must not get a message for each."""
PAID_AT_ONCE, PAID_LATE = 0.35, 0.35
"""Shares of orders: paid within minutes, and paid after some hours. The rest are abandoned."""
HOUR = timedelta(hours=1)
UNPAID_CLOSES = timedelta(hours=24)
SHIPPED = 0.4
"""The share of paid orders that leave; fewer than in life, as each is one more parcel to watch."""
REFUNDED = 0.08
FINISHED_AFTER = timedelta(days=8)
REGULARS = 40
"""So many buyers come again and again; every third order is one of theirs."""

GOODS_AT_HOME = (
    ("天丝凉感夏被 200×230", "GJ-XB-20", "239.00"), ("亚麻抱枕套 2 只装", "GJ-BZ-02", "59.00"),
    ("胡桃木收纳托盘", "GJ-TP-05", "88.00"), ("手工玻璃花瓶", "GJ-HP-01", "116.00"),
    ("纯棉华夫格浴巾", "GJ-YJ-03", "72.50"),
)  # fmt: skip
GOODS_ABROAD = (
    ("Oak Bedside Stool", "LL-OBS", "119.00"), ("Linen Tea Towel &#8211; Sage", "LL-LTT", "18.50"),
    ("Stoneware Mug, Set of 4", "LL-SM4", "46.00"), ("Wool Cushion Cover", "LL-WCC", "32.00"),
)  # fmt: skip
COURIERS_AT_HOME = (("yto", "圆通速递"), ("zto", "中通快递"), ("yunda", "韵达快递"))
COURIERS_ABROAD = (("china_post", "China Post"), ("yanwen", "Yanwen"))


class Stage(StrEnum):
    """How far an order is."""

    UNPAID = "unpaid"
    PAID = "paid"
    SHIPPED = "shipped"
    FINISHED = "finished"
    ABANDONED = "abandoned"
    REFUNDED = "refunded"


@dataclass(frozen=True, slots=True)
class Sale:
    """An order with all that will ever happen to it. Times are whole seconds of business time."""

    order_id: str
    buyer: str
    goods: tuple[str, str, str]
    quantity: int
    placed_at: datetime
    paid_at: datetime | None = None
    abandoned_at: datetime | None = None
    parcel: Consignment | None = None
    finished_at: datetime | None = None
    refund_asked_at: datetime | None = None
    refunded_at: datetime | None = None
    province: str = ""
    city: str = ""
    country: str = "CN"

    @property
    def amount(self) -> Decimal:
        """What the buyer pays."""
        return Decimal(self.goods[2]) * self.quantity

    @property
    def refund_id(self) -> str:
        """The number of its refund, should there be one."""
        return f"7{self.order_id[-9:]}"

    def stage(self, now: datetime) -> Stage:
        """How far it is at `now`."""
        come = [stage for at, stage in self._steps() if stage is not None and at <= now]
        return come[-1] if come else Stage.UNPAID

    def changed_at(self, now: datetime) -> datetime:
        """When something last happened to it, as of `now`."""
        return max(at for at, _ in self._steps() if at <= now)

    def _steps(self) -> list[tuple[datetime, Stage | None]]:
        shipped_at = self.parcel.shipped_at if self.parcel else None
        steps = (
            (self.placed_at, Stage.UNPAID), (self.paid_at, Stage.PAID),
            (shipped_at, Stage.SHIPPED), (self.finished_at, Stage.FINISHED),
            (self.abandoned_at, Stage.ABANDONED), (self.refund_asked_at, None),
            (self.refunded_at, Stage.REFUNDED),
        )  # fmt: skip
        return [(at, stage) for at, stage in steps if at is not None]


Seller = Callable[[random.Random, int, datetime], Sale]
"""Makes the order that is the so-many-th of its shop and placed then."""


class ShopLife:
    """The orders of one shop. Safe for several threads; grows as business time goes on.

    The first wave comes `first` after the full hour that follows the origin. In a `crowd`, so many
    times more orders come.
    """

    def __init__(
        self,
        shop_id: str,
        seed: str,
        origin: datetime,
        sell: Seller,
        *,
        first: timedelta,
        crowd: int = 1,
    ) -> None:
        self.shop_id = shop_id
        self._sell, self._crowd = sell, crowd
        self._rng = random.Random(f"{seed}/{shop_id}")
        self._lock = threading.Lock()
        self._sales: list[Sale] = []
        self._next_wave = origin.replace(minute=0, second=0, microsecond=0) + HOUR + first
        self._by_waybill: dict[str, Consignment] = {}

    def sales(self, now: datetime) -> list[Sale]:
        """The orders placed by `now`, oldest first."""
        with self._lock:
            self._grow(now)
            return [sale for sale in self._sales if sale.placed_at <= now]

    def sale(self, order_id: str, now: datetime) -> Sale | None:
        """One order, once it was placed."""
        return next((sale for sale in self.sales(now) if sale.order_id == order_id), None)

    def parcel(self, waybill_number: str, now: datetime) -> Consignment | None:
        """The parcel with that number, once it has left."""
        with self._lock:
            self._grow(now)
            found = self._by_waybill.get(waybill_number)
        return found if found is not None and found.shipped_at <= now else None

    def _grow(self, now: datetime) -> None:
        while self._next_wave <= now:
            count = self._rng.randint(*WAVE_ORDERS) * self._crowd
            for second in sorted(self._rng.sample(range(WAVE_MINUTES * 60), count)):
                placed_at = self._next_wave + timedelta(seconds=second)
                sale = self._sell(self._rng, len(self._sales) + 1, placed_at)
                self._sales.append(sale)
                if sale.parcel is not None:
                    self._by_waybill[sale.parcel.waybill_number] = sale.parcel
            self._next_wave += timedelta(hours=WAVE_HOURS)


def tmall_life(seed: str, origin: datetime, crowd: int = 1) -> ShopLife:
    """The life of the simulated Tmall shop."""
    return ShopLife(TMALL_SHOP, seed, origin, _sale_at_home, first=timedelta(0), crowd=crowd)


def woo_life(seed: str, origin: datetime) -> ShopLife:
    """The life of the simulated WooCommerce shop."""
    return ShopLife(WOO_SHOP, seed, origin, _sale_abroad, first=2 * HOUR)


def _sale_at_home(rng: random.Random, number: int, placed_at: datetime) -> Sale:
    del number
    place = rng.choice(home.PLACES)
    placed = Sale(
        order_id=order_number(rng),
        buyer=f"tb_{_buyer(rng):07}",
        goods=rng.choice(GOODS_AT_HOME),
        quantity=_quantity(rng),
        placed_at=placed_at,
        province=place[0],
        city=place[1],
    )
    sale, ships_at = _went_on(rng, placed)
    if ships_at is None:
        return sale
    courier, courier_text = rng.choice(COURIERS_AT_HOME)
    parcel = Consignment(
        shop_id=TMALL_SHOP,
        order_ids=(sale.order_id,),
        waybill_number=waybill_number(courier, rng),
        courier=courier,
        courier_text=courier_text,
        shipped_at=ships_at,
        life=home.normal(home.Way.drawn(place, rng), rng),
        goods=sale.goods,
        phone_tail=f"{rng.randrange(10_000):04}",
    )
    return replace(sale, parcel=parcel, finished_at=ships_at + FINISHED_AFTER)


def _sale_abroad(rng: random.Random, number: int, placed_at: datetime) -> Sale:
    place = rng.choice(abroad.PLACES)
    placed = Sale(
        order_id=str(4100 + number),
        buyer=f"buyer{_buyer(rng)}",
        goods=rng.choice(GOODS_ABROAD),
        quantity=_quantity(rng),
        placed_at=placed_at,
        city=place[1],
        country=place[0],
    )
    sale, ships_at = _went_on(rng, placed)
    if ships_at is None:
        return sale
    courier, courier_text = rng.choice(COURIERS_ABROAD)
    parcel = Consignment(
        shop_id=WOO_SHOP,
        order_ids=(sale.order_id,),
        waybill_number=postal_number(courier, rng),
        courier=courier,
        courier_text=courier_text,
        shipped_at=ships_at,
        life=abroad.normal(abroad.Way(*place), rng),
        goods=sale.goods,
        country=place[0],
    )
    return replace(sale, parcel=parcel, finished_at=ships_at + FINISHED_AFTER)


def _buyer(rng: random.Random) -> int:
    return rng.randrange(REGULARS) if rng.random() < 1 / 3 else rng.randrange(1000, 9_999_999)


def _quantity(rng: random.Random) -> int:
    return 2 if rng.random() < 0.25 else 1


def _went_on(rng: random.Random, placed: Sale) -> tuple[Sale, datetime | None]:
    """What becomes of an order that was just placed, and when its parcel leaves."""

    def after(at: datetime, least_hours: float, most_hours: float) -> datetime:
        return at + timedelta(seconds=round(rng.uniform(least_hours, most_hours) * 3600))

    paying, then = rng.random(), rng.random()
    if paying >= PAID_AT_ONCE + PAID_LATE:
        return replace(placed, abandoned_at=placed.placed_at + UNPAID_CLOSES), None
    hours = (0.02, 0.2) if paying < PAID_AT_ONCE else (5, 14)
    paid_at = after(placed.placed_at, *hours)
    if then < REFUNDED:
        asked_at = after(paid_at, 1, 6)
        done_at = after(asked_at, 2, 20)
        refunded = replace(placed, paid_at=paid_at, refund_asked_at=asked_at, refunded_at=done_at)
        return refunded, None
    ships_at = after(paid_at, 8, 30) if then < REFUNDED + SHIPPED else None
    return replace(placed, paid_at=paid_at), ships_at
