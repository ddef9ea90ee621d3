"""Two simulated shops and their parcels, the same for the same seed and origin.

Nothing about a parcel is stored: what the shop exports and what couriers tell follows from the
seed, from when the demonstration first began (`origin`) and from the business clock.
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

HOME_SHOP, ABROAD_SHOP = "guanju", "lumen"

AT_HOME: tuple[tuple[float, home.Teller], ...] = (
    (1.5, home.stalled), (4, home.not_collected), (6, home.failed_twice), (8.5, home.no_pickup),
    (11, home.refused), (14, home.overdue), (18, home.damaged), (22, home.stalled_far_away),
    (26, home.held), (31, home.out_of_area), (36, home.slow), (41, home.no_pickup),
    (47, home.failed_twice), (54, home.stalled), (62, home.never_seen_again),
)  # fmt: skip
"""When, in hours from the origin, which problem of the parcels that travel already shows."""
ABROAD: tuple[tuple[float, abroad.Teller], ...] = (
    (0, abroad.mistyped), (3, abroad.documents_wanted), (9, abroad.wrong_address),
    (16, abroad.stalled), (24, abroad.lost), (33, abroad.slow_customs), (44, abroad.nobody_home),
    (56, abroad.damaged), (68, abroad.at_the_post_office),
)  # fmt: skip
QUIET_AT_HOME, QUIET_ABROAD = 24, 12
"""How many more parcels travel at the origin and make no trouble."""

HOME_DROP_HOURS, ABROAD_DROP_HOURS = 8.0, 24.0
DAMAGED_EVERY = 6
"""Every so many files of the shop at home were opened in a spreadsheet program and saved."""
MENDED_AFTER = timedelta(hours=10)

NEW_AT_HOME: tuple[home.Teller, ...] = (
    home.stalled, home.not_collected, home.failed_twice, home.no_pickup, home.refused,
    home.overdue, home.held, home.out_of_area, home.damaged, home.stalled_far_away,
)  # fmt: skip
NEW_ABROAD: tuple[abroad.Teller, ...] = (
    abroad.documents_wanted, abroad.wrong_address, abroad.nobody_home, abroad.slow_customs,
    abroad.at_the_post_office, abroad.stalled, abroad.lost,
)  # fmt: skip
TROUBLE_AT_HOME, TROUBLE_ABROAD = 0.4, 0.3
"""The share of later parcels that get into trouble: far more than in life, to have a show."""

COURIERS_AT_HOME = (
    ("yto", "圆通速递"), ("zto", "中通快递"), ("sto", "申通快递"), ("yunda", "韵达快递"),
    ("jt", "极兔速递"), ("sf", "顺丰速运"), ("jd", "京东快递"),
)  # fmt: skip
COURIERS_ABROAD = (("china_post", "China Post"), ("yanwen", "Yanwen"), ("ems", "EMS"))
GOODS_AT_HOME = (
    ("棉麻四件套 1.8m 床", "GJ-4P-18", "269.00"), ("日式陶瓷餐具 16 件套", "GJ-CJ-16", "158.00"),
    ("原木床头小夜灯", "GJ-LN-02", "79.90"), ("加厚珊瑚绒毛毯", "GJ-MT-07", "99.00"),
    ("香薰蜡烛礼盒", "GJ-XL-03", "128.00"), ("遮光窗帘 2 片装", "GJ-CL-11", "186.00"),
)  # fmt: skip
GOODS_ABROAD = (
    ("Walnut Desk Lamp", "LL-WDL", "64.00"), ("Linen Throw, Sage", "LL-LTS", "48.50"),
    ("Ceramic Pour-Over Set", "LL-CPO", "39.00"), ("Bamboo Wind Chime", "LL-BWC", "27.00"),
)  # fmt: skip
BUYERS = (
    "南风知我意",
    "tb_7719204",
    "小满的猫",
    "木木三分甜",
    "海边的卡夫",
    "青柠不酸",
    "tb_3350817",
)


@dataclass(frozen=True, slots=True)
class Consignment:
    """A parcel of the simulated shop, with the orders that travel in it."""

    shop_id: str
    order_ids: tuple[str, ...]
    waybill_number: str
    courier: str
    courier_text: str
    shipped_at: datetime
    life: Life
    goods: tuple[str, str, str]
    buyer: str = ""
    phone_tail: str = ""
    province: str = ""
    city: str = ""
    country: str = "CN"


@dataclass(frozen=True, slots=True)
class Drop:
    """A file (or, abroad, two) that the seller's back office exports at `at`.

    `damaged`: the first parcel's number was turned into 4.3E+14 by a spreadsheet program.
    """

    name: str
    shop_id: str
    at: datetime
    consignments: tuple[Consignment, ...]
    damaged: bool = False


class World:
    """All there is. Safe for several threads; grows as business time goes on."""

    def __init__(self, seed: str, origin: datetime) -> None:
        self.seed = seed
        self.origin = origin
        self._lock = threading.Lock()
        self._drops: list[Drop] = [*self._first_drops()]
        self._next = {HOME_SHOP: 1, ABROAD_SHOP: 1}
        self._by_number = {c.waybill_number: c for d in self._drops for c in d.consignments}
        self.others: list[Callable[[str, datetime], Consignment | None]] = []
        """Who else ships parcels that couriers carry."""

    def drops_until(self, now: datetime) -> Sequence[Drop]:
        """The files exported by `now`, oldest first."""
        with self._lock:
            self._grow(now)
            return [drop for drop in self._drops if drop.at <= now]

    def find(self, waybill_number: str, now: datetime) -> Consignment | None:
        """The parcel with that number, once its shop has told of it."""
        number = waybill_number.upper()
        with self._lock:
            self._grow(now)
            found = self._by_number.get(number)
        asked = (find(number, now) for find in self.others)
        return found or next((other for other in asked if other is not None), None)

    def _grow(self, now: datetime) -> None:
        for shop, hours in ((HOME_SHOP, HOME_DROP_HOURS), (ABROAD_SHOP, ABROAD_DROP_HOURS)):
            while self.origin + timedelta(hours=hours * self._next[shop]) <= now:
                number = self._next[shop]
                at = self.origin + timedelta(hours=hours * number)
                later = self._later_drop(shop, number, at)
                self._drops.append(later)
                if later.damaged:
                    mended = replace(later, at=at + MENDED_AFTER, damaged=False)
                    self._drops.append(mended)
                self._by_number |= {c.waybill_number: c for c in later.consignments}
                self._next[shop] += 1

    def _first_drops(self) -> list[Drop]:
        rng = random.Random(f"{self.seed}/first")
        at_home = [self._home(rng, tell, alert=hours) for hours, tell in AT_HOME]
        quiet = (home.normal, home.normal, home.collected)
        at_home += [
            self._home(rng, rng.choice(quiet), age=rng.uniform(1, 46)) for _ in range(QUIET_AT_HOME)
        ]
        away = [self._abroad(rng, tell, alert=hours) for hours, tell in ABROAD]
        away += [
            self._abroad(rng, abroad.normal, age=rng.uniform(2, 150)) for _ in range(QUIET_ABROAD)
        ]
        day = f"{self.origin:%Y%m%d}"
        return [
            Drop(f"ExportOrderList{day}_00", HOME_SHOP, self.origin, tuple(at_home)),
            Drop(f"orders_export_{day}_00", ABROAD_SHOP, self.origin, tuple(away)),
        ]

    def _later_drop(self, shop: str, number: int, at: datetime) -> Drop:
        rng = random.Random(f"{self.seed}/{shop}/{number}")
        if shop == HOME_SHOP:
            found = tuple(
                self._home(
                    rng,
                    rng.choice(NEW_AT_HOME)
                    if rng.random() < TROUBLE_AT_HOME
                    else rng.choice((home.normal, home.collected)),
                    shipped_at=at - timedelta(hours=rng.uniform(0.5, 5)),
                )
                for _ in range(rng.randint(3, 5))
            )
            name = f"ExportOrderList{at:%Y%m%d}_{number:02}"
            return Drop(name, shop, at, found, damaged=number % DAMAGED_EVERY == 1)
        found = tuple(
            self._abroad(
                rng,
                rng.choice(NEW_ABROAD) if rng.random() < TROUBLE_ABROAD else abroad.normal,
                shipped_at=at - timedelta(hours=rng.uniform(1, 10)),
            )
            for _ in range(rng.randint(2, 4))
        )
        return Drop(f"orders_export_{at:%Y%m%d}_{number:02}", shop, at, found)

    def _shipped(
        self, life: Life, alert: float | None, age: float, shipped_at: datetime | None
    ) -> datetime:
        if shipped_at is not None:
            return shipped_at.replace(microsecond=0)
        hours = alert - (life.alert_after or 0) if alert is not None else -age
        return self.origin + timedelta(hours=round(hours, 2))

    def _home(
        self,
        rng: random.Random,
        tell: home.Teller,
        *,
        alert: float | None = None,
        age: float = 0,
        shipped_at: datetime | None = None,
    ) -> Consignment:
        far = tell is home.stalled_far_away
        place = rng.choice(home.REMOTE_PLACES if far else home.PLACES)
        life = tell(home.Way.drawn(place, rng), rng)
        courier, text = rng.choice(COURIERS_AT_HOME)
        shipped = self._shipped(life, alert, age, shipped_at)
        orders = 2 if rng.random() < 0.1 else 1
        return Consignment(
            shop_id=HOME_SHOP,
            order_ids=tuple(order_number(rng) for _ in range(orders)),
            waybill_number=waybill_number(courier, rng),
            courier=courier,
            courier_text=text,
            shipped_at=shipped,
            life=life,
            goods=rng.choice(GOODS_AT_HOME),
            buyer=rng.choice(BUYERS),
            phone_tail=f"{rng.randrange(10_000):04}",
            province=place[0],
            city=place[1],
        )

    def _abroad(
        self,
        rng: random.Random,
        tell: abroad.Teller,
        *,
        alert: float | None = None,
        age: float = 0,
        shipped_at: datetime | None = None,
    ) -> Consignment:
        place = rng.choice(abroad.PLACES)
        life = tell(abroad.Way(*place), rng)
        courier, text = rng.choice(COURIERS_ABROAD)
        return Consignment(
            shop_id=ABROAD_SHOP,
            order_ids=(f"#{rng.randrange(10_000, 99_999)}",),
            waybill_number=postal_number(courier, rng, valid=life.known),
            courier=courier,
            courier_text=text,
            shipped_at=self._shipped(life, alert, age, shipped_at),
            life=life,
            goods=rng.choice(GOODS_ABROAD),
            city=place[1],
            country=place[0],
        )
