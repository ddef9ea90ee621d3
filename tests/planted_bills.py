"""Couriers' bills of a made-up month with known mistakes in them, and what must be found.

The world here has its own small price list and works out what a parcel costs by itself, so that
what is expected does not come from the code that is tried. `bill_files.py` writes it down.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal

ZONES = {
    "near": ("浙江", "江苏", "上海", "安徽"),
    "middle": ("广东", "北京", "湖北", "山东", "四川", "河南"),
    "far": ("新疆", "西藏"),
}
PERIOD = "2026-10"
ADDED_FOR_FAR = 500
INSURED_PERCENT = Decimal("0.5")
RETURN_PERCENT = 60
DIVISORS = (3000, 4000, 4800, 5000, 6000, 7000, 8000, 9000, 10000, 12000)


@dataclass(frozen=True)
class Contract:
    """Price of the first weight by zone, then steps; all in minor units, grams, cm3 per kg."""

    courier: str
    first: dict[str, int]
    step: dict[str, int]
    first_g: int = 1000
    step_g: int = 1000
    rounding: str = "ceil_1000"
    divisor: int | None = 8000
    step_mode: str = "ceil"


CONTRACTS = {
    "sto": Contract(
        "sto",
        {"near": 320, "middle": 450, "far": 1500},
        {"near": 100, "middle": 210, "far": 1200},
    ),
    "zto": Contract(
        "zto",
        {"near": 350, "middle": 480, "far": 1600},
        {"near": 60, "middle": 105, "far": 700},
        step_g=500,
        rounding="ceil_500",
    ),
    "sf": Contract(
        "sf",
        {"near": 1200, "middle": 1800, "far": 2400},
        {"near": 100, "middle": 400, "far": 900},
        step_g=500,
        rounding="ceil_500",
        divisor=6000,
    ),
    "yto": Contract(
        "yto",
        {"near": 310, "middle": 430, "far": 1450},
        {"near": 97, "middle": 203, "far": 1111},
        rounding="exact",
        step_mode="proportional",
        step_g=1000,
    ),
    "jt": Contract(
        "jt",
        {"near": 300, "middle": 410, "far": 1400},
        {"near": 90, "middle": 190, "far": 1000},
        rounding="drop_300",
    ),
    "ems": Contract(
        "ems",
        {"near": 700, "middle": 900, "far": 1700},
        {"near": 150, "middle": 260, "far": 800},
        step_g=500,
        rounding="ceil_100",
        divisor=6000,
    ),
}
NUMBERS = {
    "sto": ("77", 13),
    "zto": ("76", 12),
    "sf": ("SF1", 12),
    "yto": ("YT", 13),
    "jt": ("JT", 13),
    "ems": ("10", 11),
}


@dataclass(frozen=True)
class Parcel:
    """What was shipped."""

    number: str
    courier: str
    day: date
    weight_g: int
    size_mm: tuple[int, int, int]
    province: str
    declared: int = 0
    outcome: str = "delivered"


@dataclass(frozen=True)
class Row:
    """What the courier says of a parcel; amounts in minor units."""

    number: str
    day: date
    billed_g: int
    province: str
    freight: int
    insurance: int = 0
    far: int = 0
    back: int = 0

    @property
    def total(self) -> int:
        return self.freight + self.insurance + self.far + self.back


@dataclass(frozen=True)
class Mistake:
    """What must be found: (waybill, kind, billed minus expected)."""

    number: str
    kind: str
    difference: int


@dataclass
class Month:
    """A bill, its shipments, and the mistakes in it."""

    courier: str
    parcels: list[Parcel] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)
    mistakes: list[Mistake] = field(default_factory=list)
    declared_extra: int = 0


def zone_of(province: str) -> str:
    """The price zone of a province."""
    return next(zone for zone, names in ZONES.items() if province in names)


def half_up(value: Decimal) -> int:
    """Whole minor units."""
    return int(value.quantize(Decimal(1), ROUND_HALF_UP))


def up_to(value: int, step: int) -> int:
    """The next multiple."""
    return -(-value // step) * step


def rounded(weight_g: int, mode: str) -> int:
    """A chargeable weight as a contract rounds it."""
    if mode == "exact":
        return weight_g
    if mode == "drop_300":
        whole, rest = divmod(weight_g, 1000)
        return max(1000, (whole + (rest > 300)) * 1000)
    return up_to(weight_g, int(mode.removeprefix("ceil_")))


def volumetric(parcel: Parcel, divisor: int | None) -> int:
    """Grams that a parcel's size counts for."""
    if divisor is None:
        return 0
    length, width, height = parcel.size_mm
    return -(-length * width * height // divisor)


def chargeable(parcel: Parcel, contract: Contract) -> int:
    """Grams that are charged."""
    heavier = max(parcel.weight_g, volumetric(parcel, contract.divisor))
    return rounded(heavier, contract.rounding)


def freight(contract: Contract, province: str, weight_g: int) -> int:
    """What a chargeable weight costs."""
    zone = zone_of(province)
    beyond = weight_g - contract.first_g
    if beyond <= 0:
        return contract.first[zone]
    steps = (
        Decimal(beyond) / contract.step_g
        if contract.step_mode == "proportional"
        else Decimal(up_to(beyond, contract.step_g) // contract.step_g)
    )
    return half_up(contract.first[zone] + steps * contract.step[zone])


def fair(parcel: Parcel, contract: Contract) -> Row:
    """The row of a courier that makes no mistake."""
    weight = chargeable(parcel, contract)
    cost = freight(contract, parcel.province, weight)
    return Row(
        number=parcel.number,
        day=parcel.day,
        billed_g=weight,
        province=parcel.province,
        freight=cost,
        insurance=half_up(parcel.declared * INSURED_PERCENT / 100),
        far=ADDED_FOR_FAR if parcel.province in ZONES["far"] else 0,
        back=half_up(Decimal(cost * RETURN_PERCENT) / 100) if parcel.outcome == "returned" else 0,
    )


class World:
    """A month of one courier from a seed."""

    def __init__(self, courier: str, seed: int, count: int = 300) -> None:
        self.random = random.Random(f"{courier}/{seed}")
        self.contract = CONTRACTS[courier]
        self.month = Month(courier)
        self.serial = 0
        for _ in range(count):
            parcel = self.parcel()
            self.month.parcels.append(parcel)
            self.month.rows.append(fair(parcel, self.contract))
        self.free = list(range(count))
        self.random.shuffle(self.free)

    def number(self) -> str:
        """A waybill number as the courier gives them."""
        start, digits = NUMBERS[self.month.courier]
        self.serial += self.random.randint(3, 60)
        return start + str(10 ** (digits - 1) * 4 + self.serial * 7919).zfill(digits)

    def parcel(self) -> Parcel:
        """A parcel as a shop sends them: mostly light, some insured, few to the far provinces."""
        pick = self.random
        return Parcel(
            number=self.number(),
            courier=self.month.courier,
            day=date(2026, 10, 1) + timedelta(days=pick.randrange(28)),
            weight_g=pick.choice((pick.randint(80, 990), pick.randint(1010, 5200))),
            size_mm=pick.choice(((200, 150, 80), (300, 220, 150), (450, 350, 200))),
            province=pick.choice([p for names in ZONES.values() for p in names]),
            declared=pick.choice((0, 0, 0, 0, 50_000)),
        )

    def take(self, fits: Callable[[Parcel, Row], bool] = lambda *_: True) -> int:
        """The index of a parcel that nothing was done to yet."""
        for index in self.free:
            if fits(self.month.parcels[index], self.month.rows[index]):
                self.free.remove(index)
                return index
        raise LookupError("no parcel is left for this mistake")

    def bill(self, index: int, kind: str, **changes: object) -> None:
        """The courier writes something else than what is due."""
        due = self.month.rows[index]
        row = replace(due, **changes)  # type: ignore[arg-type]
        self.month.rows[index] = row
        self.month.mistakes.append(Mistake(row.number, kind, row.total - due.total))

    def outcome(self, index: int, outcome: str) -> None:
        """What became of a parcel."""
        self.month.parcels[index] = replace(self.month.parcels[index], outcome=outcome)


def weight_over(world: World) -> None:
    """Weighed as some two kilograms more, which no other way of counting its size explains."""
    contract = world.contract
    added = 2370 if contract.rounding in {"exact", "ceil_100", "drop_300"} else 2000

    def heavy(parcel: Parcel) -> int:
        return rounded(parcel.weight_g + added, contract.rounding)

    def fits(parcel: Parcel, row: Row) -> bool:
        by_size = {rounded(volumetric(parcel, each), contract.rounding) for each in DIVISORS}
        by_size |= {up_to(each, 1000) for each in by_size}
        own = rounded(parcel.weight_g, contract.rounding)
        return chargeable(parcel, contract) == own and heavy(parcel) not in by_size

    index = world.take(fits)
    parcel = world.month.parcels[index]
    world.bill(
        index,
        "weight_over",
        billed_g=heavy(parcel),
        freight=freight(contract, parcel.province, heavy(parcel)),
    )


def volumetric_wrong(world: World) -> None:
    """Its size is divided by 5000."""
    contract = world.contract

    def other(parcel: Parcel) -> int:
        return rounded(max(parcel.weight_g, volumetric(parcel, 5000)), contract.rounding)

    def fits(parcel: Parcel, row: Row) -> bool:
        heavier = max(parcel.weight_g, volumetric(parcel, contract.divisor))
        dearer = freight(contract, parcel.province, other(parcel)) > row.freight
        return dearer and other(parcel) not in (up_to(heavier, 1000), up_to(heavier, 500))

    index = world.take(fits)
    parcel = world.month.parcels[index]
    weight = other(parcel)
    world.bill(
        index,
        "volumetric_wrong",
        billed_g=weight,
        freight=freight(contract, parcel.province, weight),
    )


def rounding_wrong(world: World) -> None:
    """Rounded up to a whole kilogram where the contract has finer steps."""
    contract = world.contract
    if contract.rounding == "ceil_1000":
        return

    def coarse(parcel: Parcel) -> int:
        heavier = max(parcel.weight_g, volumetric(parcel, contract.divisor))
        return up_to(heavier, 1000)

    def fits(parcel: Parcel, row: Row) -> bool:
        by_size = {rounded(volumetric(parcel, each), contract.rounding) for each in DIVISORS}
        dearer = freight(contract, parcel.province, coarse(parcel)) > row.freight
        return dearer and coarse(parcel) not in by_size

    index = world.take(fits)
    parcel = world.month.parcels[index]
    world.bill(
        index,
        "rounding_wrong",
        billed_g=coarse(parcel),
        freight=freight(contract, parcel.province, coarse(parcel)),
    )


def zone_wrong(world: World) -> None:
    """Billed as if it went to a dearer province."""
    contract = world.contract
    index = world.take(lambda p, r: zone_of(p.province) == "near")
    row = world.month.rows[index]
    world.bill(
        index, "zone_wrong", province="四川", freight=freight(contract, "四川", row.billed_g)
    )


def rate_wrong(world: World) -> None:
    """The old price list."""
    index = world.take()
    world.bill(index, "rate_wrong", freight=world.month.rows[index].freight + 37)


def underbilled(world: World) -> None:
    """Too little was asked."""
    index = world.take()
    world.bill(index, "underbilled", freight=world.month.rows[index].freight - 41)


def surcharge_invalid(world: World) -> None:
    """The far provinces' surcharge, for a near one."""
    index = world.take(lambda p, r: zone_of(p.province) != "far")
    world.bill(index, "surcharge_invalid", far=ADDED_FOR_FAR)


def insurance_invalid(world: World) -> None:
    """Insurance that nobody ordered, where the bill says what for."""
    if world.month.courier == "jt":
        return
    index = world.take(lambda p, r: p.declared == 0)
    world.bill(index, "surcharge_invalid", insurance=100)


def duplicate(world: World) -> None:
    """The same row twice."""
    index = world.take()
    row = world.month.rows[index]
    world.month.rows.append(row)
    world.month.mistakes.append(Mistake(row.number, "duplicate_waybill", row.total))


def unknown(world: World) -> None:
    """A parcel of somebody else."""
    row = fair(world.parcel(), world.contract)
    world.month.rows.append(row)
    world.month.mistakes.append(Mistake(row.number, "unknown_waybill", row.total))


def nothing_due(outcome: str, kind: str) -> Callable[[World], None]:
    """A parcel for which no money is due."""

    def mistake(world: World) -> None:
        index = world.take()
        world.outcome(index, outcome)
        row = world.month.rows[index]
        world.month.mistakes.append(Mistake(row.number, kind, row.total))

    return mistake


def fair_return(world: World) -> None:
    """Returned, and billed as agreed: no mistake."""
    index = world.take()
    world.outcome(index, "returned")
    world.month.rows[index] = fair(world.month.parcels[index], world.contract)


def return_overcharge(world: World) -> None:
    """The way back is billed in full."""
    index = world.take()
    world.outcome(index, "returned")
    world.month.rows[index] = fair(world.month.parcels[index], world.contract)
    world.bill(index, "return_overcharge", back=world.month.rows[index].freight)


def missing(world: World) -> None:
    """Delivered and never billed."""
    index = world.take()
    row = world.month.rows[index]
    world.month.rows[index] = replace(row, number="")
    world.month.mistakes.append(Mistake(row.number, "missing_from_bill", -row.total))


def not_missing(world: World) -> None:
    """Shipped, not billed, and nothing is wrong with that."""
    for outcome in ("cancelled", "never_moved", "lost"):
        index = world.take()
        world.outcome(index, outcome)
        world.month.rows[index] = replace(world.month.rows[index], number="")


MISTAKES: tuple[Callable[[World], None], ...] = (
    weight_over,
    volumetric_wrong,
    rounding_wrong,
    zone_wrong,
    rate_wrong,
    underbilled,
    surcharge_invalid,
    insurance_invalid,
    duplicate,
    unknown,
    nothing_due("cancelled", "not_shipped"),
    nothing_due("never_moved", "not_shipped"),
    nothing_due("lost", "lost_billed"),
    nothing_due("damaged", "damaged_billed"),
    fair_return,
    return_overcharge,
    missing,
    not_missing,
)


def wrong_total(month: Month) -> None:
    """The printed total is more than the rows come to."""
    month.declared_extra = 12345
    month.mistakes.append(Mistake("", "total_mismatch", 12345))


def plant(courier: str, seed: int, each: int = 3) -> Month:
    """A month with each mistake `each` times."""
    world = World(courier, seed)
    for _ in range(each):
        for mistake in MISTAKES:
            mistake(world)
    month = world.month
    month.rows = [row for row in month.rows if row.number]
    world.random.shuffle(month.rows)
    if courier in {"sto", "zto", "sf"}:
        wrong_total(month)
    return month
