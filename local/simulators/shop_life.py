"""What happens in a live shop: orders are placed, paid or abandoned, shipped, refunded, reviewed.

Both simulated platforms tell of such a life, each in its own words. It follows from the seed, the
origin and the business clock alone; nothing of it is stored.
"""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from local.simulators import lives_abroad as abroad
from local.simulators import lives_at_home as home
from local.simulators.lives import Life
from local.simulators.numbers import order_number, postal_number, waybill_number
from local.simulators.reviews import ReviewLife
from local.simulators.sales import Line, Sale
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
SPLIT, MERGED = 0.2, 0.2
"""Shares of orders that leave: in two parcels, and in one parcel with another order."""
REFUNDED = 0.08
FINISHED_AFTER = timedelta(days=8)
AUTO_CONFIRM_AFTER = timedelta(days=10)
REGULARS = 40
"""So many buyers come again and again; every third order is one of theirs."""
SLOW = ((10, 1.5, False), (19, 2.0, True))
"""Parcels of the Tmall shop that were under way for days when the demonstration began: after how
many hours their receipt is about to be confirmed, when the seller has noted something on the order
(so that the desk reads it), and whether the buyer has moved the receipt time already."""

Goods = tuple[str, str, str]

GOODS_AT_HOME: tuple[Goods, ...] = (
    ("天丝凉感夏被 200×230", "GJ-XB-20", "239.00"), ("亚麻抱枕套 2 只装", "GJ-BZ-02", "59.00"),
    ("胡桃木收纳托盘", "GJ-TP-05", "88.00"), ("手工玻璃花瓶", "GJ-HP-01", "116.00"),
    ("纯棉华夫格浴巾", "GJ-YJ-03", "72.50"),
)  # fmt: skip
GOODS_ABROAD: tuple[Goods, ...] = (
    ("Oak Bedside Stool", "LL-OBS", "119.00"), ("Linen Tea Towel &#8211; Sage", "LL-LTT", "18.50"),
    ("Stoneware Mug, Set of 4", "LL-SM4", "46.00"), ("Wool Cushion Cover", "LL-WCC", "32.00"),
)  # fmt: skip
COURIERS_AT_HOME = (("yto", "圆通速递"), ("zto", "中通快递"), ("yunda", "韵达快递"))
COURIERS_ABROAD = (("china_post", "China Post"), ("yanwen", "Yanwen"))


@dataclass(frozen=True, slots=True)
class Trade:
    """How one shop sells: what it has, and how its orders, buyers and parcels are named."""

    goods: Sequence[Goods]
    order_id: Callable[[random.Random, int], str]
    buyer: Callable[[random.Random], str]
    placed: Callable[[random.Random, Sale], tuple[Sale, Callable[[random.Random], Life]]]
    """Sends an order somewhere; what becomes of its parcels follows from where."""
    parcel: Callable[[random.Random, Sale, Goods, datetime, Life], Consignment]


class ShopLife:
    """The orders of one shop. Safe for several threads; grows as business time goes on.

    The first wave comes `first` after the full hour that follows the origin. In a `crowd`, so many
    times more orders come. `before` are orders from before the origin that something still happens
    to.
    """

    def __init__(
        self,
        shop_id: str,
        seed: str,
        origin: datetime,
        trade: Trade,
        reviews: ReviewLife,
        *,
        first: timedelta,
        crowd: int = 1,
        before: Sequence[Sale] = (),
    ) -> None:
        self.shop_id = shop_id
        self.reviews = reviews
        self._trade, self._crowd = trade, crowd
        self._rng = random.Random(f"{seed}/{shop_id}")
        self._lock = threading.Lock()
        self._before, self._sales = list(before), list[Sale]()
        self._next_wave = origin.replace(minute=0, second=0, microsecond=0) + HOUR + first
        self._by_waybill = {p.waybill_number: p for sale in before for p in sale.parcels}

    def sales(self, now: datetime) -> list[Sale]:
        """The orders placed by `now`, oldest first."""
        with self._lock:
            self._grow(now)
            placed = [sale for sale in self._sales if sale.placed_at <= now]
            return [*self._before, *placed]

    def sale(self, order_id: str, now: datetime) -> Sale | None:
        """One order, once it was placed; also one that is known by its review alone."""
        found = next((sale for sale in self.sales(now) if sale.order_id == order_id), None)
        return found or self.reviews.sale(order_id, now)

    def parcel(self, waybill_number: str, now: datetime) -> Consignment | None:
        """The parcel with that number, once it has left."""
        with self._lock:
            self._grow(now)
            found = self._by_waybill.get(waybill_number)
        return found if found is not None and found.shipped_at <= now else None

    def _grow(self, now: datetime) -> None:
        while self._next_wave <= now:
            count = self._rng.randint(*WAVE_ORDERS) * self._crowd
            wave: list[Sale] = []
            for second in sorted(self._rng.sample(range(WAVE_MINUTES * 60), count)):
                placed_at = self._next_wave + timedelta(seconds=second)
                number = len(self._sales) + len(wave) + 1
                wave += _sold(self._rng, self._trade, number, placed_at)
            self._sales += sorted(wave, key=lambda sale: sale.placed_at)
            self._by_waybill |= {p.waybill_number: p for sale in wave for p in sale.parcels}
            self._next_wave += timedelta(hours=WAVE_HOURS)


def tmall_life(seed: str, origin: datetime, crowd: int = 1) -> ShopLife:
    """The life of the simulated Tmall shop."""
    reviews = ReviewLife(TMALL_SHOP, seed, origin, "zh", _past(AT_HOME))
    before = _slow_parcels(random.Random(f"{seed}/{TMALL_SHOP}/slow"), origin)
    return ShopLife(
        TMALL_SHOP,
        seed,
        origin,
        AT_HOME,
        reviews,
        first=timedelta(0),
        crowd=crowd,
        before=before,
    )


def woo_life(seed: str, origin: datetime) -> ShopLife:
    """The life of the simulated WooCommerce shop."""
    reviews = ReviewLife(WOO_SHOP, seed, origin, "en", _past(ABROAD))
    return ShopLife(WOO_SHOP, seed, origin, ABROAD, reviews, first=2 * HOUR)


def _sold(rng: random.Random, trade: Trade, number: int, placed_at: datetime) -> list[Sale]:
    """The order that is the so-many-th and placed then; with another one that travels with it."""
    line = Line(rng.choice(trade.goods), 2 if rng.random() < 0.25 else 1)
    placed = Sale(trade.order_id(rng, number), trade.buyer(rng), (line,), placed_at)
    placed, life = trade.placed(rng, placed)
    sale, ships_at = _went_on(rng, placed)
    if ships_at is None or sale.paid_at is None:
        return [sale]
    sale = replace(sale, finished_at=ships_at + FINISHED_AFTER)
    parcel = trade.parcel(rng, sale, line.goods, ships_at, life(rng))
    how = rng.random()
    if how < SPLIT:
        other = _other(rng, trade, line)
        later = trade.parcel(rng, sale, other.goods, _after(rng, ships_at, 3, 20), life(rng))
        lines = (replace(line, parcel=parcel), replace(other, parcel=later))
        return [replace(sale, lines=lines, finished_at=later.shipped_at + FINISHED_AFTER)]
    if how < SPLIT + MERGED:
        twin_placed_at = _after(rng, placed_at, 0.03, 0.2)
        twin = replace(
            sale,
            order_id=trade.order_id(rng, number + 1),
            placed_at=twin_placed_at,
            paid_at=_after(rng, max(sale.paid_at, twin_placed_at), 0.01, 0.05),
        )
        parcel = replace(parcel, order_ids=(sale.order_id, twin.order_id))
        twin = replace(twin, lines=(replace(_other(rng, trade, line), parcel=parcel),))
        return [replace(sale, lines=(replace(line, parcel=parcel),)), twin]
    return [replace(sale, lines=(replace(line, parcel=parcel),))]


def _other(rng: random.Random, trade: Trade, line: Line) -> Line:
    return Line(rng.choice([goods for goods in trade.goods if goods != line.goods]))


def _went_on(rng: random.Random, placed: Sale) -> tuple[Sale, datetime | None]:
    """What becomes of an order that was just placed, and when its parcel leaves."""
    paying, then = rng.random(), rng.random()
    if paying >= PAID_AT_ONCE + PAID_LATE:
        return replace(placed, abandoned_at=placed.placed_at + UNPAID_CLOSES), None
    hours = (0.02, 0.2) if paying < PAID_AT_ONCE else (5, 14)
    paid_at = _after(rng, placed.placed_at, *hours)
    if then < REFUNDED:
        asked_at = _after(rng, paid_at, 1, 6)
        done_at = _after(rng, asked_at, 2, 20)
        refunded = replace(placed, paid_at=paid_at, refund_asked_at=asked_at, refunded_at=done_at)
        return refunded, None
    ships_at = _after(rng, paid_at, 8, 30) if then < REFUNDED + SHIPPED else None
    return replace(placed, paid_at=paid_at), ships_at


def _after(rng: random.Random, at: datetime, least_hours: float, most_hours: float) -> datetime:
    return at + timedelta(seconds=round(rng.uniform(least_hours, most_hours) * 3600))


def _past(trade: Trade) -> Callable[[random.Random, int, datetime], Sale]:
    """Makes orders that were received at a given time; nobody is told of them but by a review."""

    def received(rng: random.Random, number: int, at: datetime) -> Sale:
        placed_at = (at - timedelta(days=rng.uniform(9, 14))).replace(microsecond=0)
        line = Line(rng.choice(trade.goods))
        sale = Sale(
            order_id=trade.order_id(rng, number - 3000),
            buyer=trade.buyer(rng),
            lines=(line,),
            placed_at=placed_at,
            paid_at=placed_at + timedelta(minutes=4),
            finished_at=at,
        )
        return trade.placed(rng, sale)[0]

    return received


def _slow_parcels(rng: random.Random, origin: datetime) -> list[Sale]:
    found = []
    for hours, noted, extended in SLOW:
        placed, _ = _placed_at_home(
            rng,
            Sale(
                order_number(rng),
                f"tb_{rng.randrange(1000, 9_999_999):07}",
                (Line(rng.choice(GOODS_AT_HOME)),),
                origin,
            ),
        )
        way = home.Way.drawn(rng.choice(home.PLACES), rng)
        life = home.slow(way, rng)
        left = (origin + timedelta(hours=hours - (life.alert_after or 0))).replace(microsecond=0)
        parcel = _parcel_at_home(rng, placed, placed.lines[0].goods, left, life)
        found.append(
            replace(
                placed,
                lines=(replace(placed.lines[0], parcel=parcel),),
                placed_at=left - timedelta(hours=20),
                paid_at=left - timedelta(hours=19),
                finished_at=left + AUTO_CONFIRM_AFTER - timedelta(hours=12),
                noted_at=origin + timedelta(seconds=round(noted * 3600)),
                extended_by_buyer=extended,
            )
        )
    return found


def _placed_at_home(rng: random.Random, sale: Sale) -> tuple[Sale, Callable[[random.Random], Life]]:
    place = rng.choice(home.PLACES)
    return (
        replace(sale, province=place[0], city=place[1]),
        lambda rng: home.normal(home.Way.drawn(place, rng), rng),
    )


def _placed_abroad(rng: random.Random, sale: Sale) -> tuple[Sale, Callable[[random.Random], Life]]:
    place = rng.choice(abroad.PLACES)
    return (
        replace(sale, city=place[1], country=place[0]),
        lambda rng: abroad.normal(abroad.Way(*place), rng),
    )


def _parcel_at_home(
    rng: random.Random, sale: Sale, goods: Goods, shipped_at: datetime, life: Life
) -> Consignment:
    courier, courier_text = rng.choice(COURIERS_AT_HOME)
    return Consignment(
        shop_id=TMALL_SHOP,
        order_ids=(sale.order_id,),
        waybill_number=waybill_number(courier, rng),
        courier=courier,
        courier_text=courier_text,
        shipped_at=shipped_at,
        life=life,
        goods=goods,
        phone_tail=f"{rng.randrange(10_000):04}",
    )


def _parcel_abroad(
    rng: random.Random, sale: Sale, goods: Goods, shipped_at: datetime, life: Life
) -> Consignment:
    courier, courier_text = rng.choice(COURIERS_ABROAD)
    return Consignment(
        shop_id=WOO_SHOP,
        order_ids=(sale.order_id,),
        waybill_number=postal_number(courier, rng),
        courier=courier,
        courier_text=courier_text,
        shipped_at=shipped_at,
        life=life,
        goods=goods,
        country=sale.country,
    )


def _regular(rng: random.Random) -> int:
    return rng.randrange(REGULARS) if rng.random() < 1 / 3 else rng.randrange(1000, 9_999_999)


AT_HOME = Trade(
    goods=GOODS_AT_HOME,
    order_id=lambda rng, _: order_number(rng),
    buyer=lambda rng: f"tb_{_regular(rng):07}",
    placed=_placed_at_home,
    parcel=_parcel_at_home,
)
ABROAD = Trade(
    goods=GOODS_ABROAD,
    order_id=lambda _, number: str(4100 + number),
    buyer=lambda rng: f"buyer{_regular(rng)}",
    placed=_placed_abroad,
    parcel=_parcel_abroad,
)
