"""Couriers' bills of a made-up month with known mistakes in them, and what must be found.

The world here has its own small price list and works out what a parcel costs by itself, so that
what is expected does not come from the code that is tried. Each layout is written as its courier's
portal exports it.
"""

from __future__ import annotations

import csv
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

from tests.export_files import xlsx_sheets

ZONES = {
    "near": ("浙江", "江苏", "上海", "安徽"),
    "middle": ("广东", "北京", "湖北", "山东", "四川", "河南"),
    "far": ("新疆", "西藏"),
}
LONG_NAMES = {"新疆": "新疆维吾尔自治区", "西藏": "西藏自治区", "上海": "上海市", "北京": "北京市"}
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


def write_shipments(months: Sequence[Month], path: Path) -> None:
    """The shipments file, as documented."""
    with path.open("w", encoding="utf-8", newline="") as file:
        out = csv.writer(file)
        out.writerow(
            [
                "waybill_number",
                "courier",
                "shipped_at",
                "order_id",
                "weight_g",
                "length_mm",
                "width_mm",
                "height_mm",
                "province",
                "city",
                "service",
                "declared_value_minor",
                "cod_minor",
                "parcel_count",
                "outcome",
            ]
        )
        for month in months:
            for p in month.parcels:
                out.writerow(
                    [
                        p.number,
                        p.courier,
                        f"{p.day}T08:30:00+08:00",
                        f"O{p.number[-8:]}",
                        p.weight_g,
                        *p.size_mm,
                        p.province,
                        "",
                        "",
                        p.declared or "",
                        "",
                        1,
                        p.outcome,
                    ]
                )


def write_rates(couriers: Sequence[str], path: Path) -> None:
    """The rate card, in its plain CSV form."""
    heads = [
        "courier",
        "service",
        "valid_from",
        "valid_to",
        "provinces",
        "min_weight_g",
        "max_weight_g",
        "base_price_minor",
        "base_weight_g",
        "step_weight_g",
        "step_price_minor",
        "step_mode",
        "rounding",
        "volumetric_divisor",
        "surcharge_code",
        "surcharge_basis",
        "surcharge_value",
        "currency",
    ]
    with path.open("w", encoding="utf-8", newline="") as file:
        out = csv.DictWriter(file, heads)
        out.writeheader()
        for courier in couriers:
            contract = CONTRACTS[courier]
            plain = {"courier": courier, "valid_from": "2026-01-01", "currency": "CNY"}
            for zone, names in ZONES.items():
                out.writerow(
                    {
                        **plain,
                        "provinces": "|".join(names),
                        "min_weight_g": 0,
                        "base_price_minor": contract.first[zone],
                        "base_weight_g": contract.first_g,
                        "step_weight_g": contract.step_g,
                        "step_price_minor": contract.step[zone],
                        "step_mode": contract.step_mode,
                        "rounding": contract.rounding,
                        "volumetric_divisor": contract.divisor or "",
                    }
                )
            for code, basis, value, names in (
                ("remote", "per_parcel", ADDED_FOR_FAR, ZONES["far"]),
                ("insurance", "percent_of_declared", INSURED_PERCENT, ("*",)),
                ("return", "percent_of_freight", RETURN_PERCENT, ("*",)),
            ):
                out.writerow(
                    {
                        **plain,
                        "provinces": "|".join(names),
                        "surcharge_code": code,
                        "surcharge_basis": basis,
                        "surcharge_value": value,
                    }
                )


def yuan(minor: int) -> str:
    """1234 -> 12.34."""
    return f"{Decimal(minor) / 100:.2f}"


def kg(grams: int) -> str:
    """1500 -> 1.5."""
    return f"{Decimal(grams) / 1000:f}"


def long_name(province: str) -> str:
    """A province as an address has it."""
    return LONG_NAMES.get(province, province + "省")


def sto(month: Month, path: Path) -> Path:
    """A CSV in GB18030; the labels of the footer stand in the column of dates."""
    heads = ["运单号", "业务时间", "结算重量", "目的省份", "目的城市", "中转费"]
    heads += ["偏远附加费", "保价费", "退回费", "应收金额", "订单客户"]
    rows = [
        [
            r.number,
            f"{r.day} 21:14:05",
            kg(r.billed_g),
            long_name(r.province),
            "",
            yuan(r.freight),
            yuan(r.far),
            yuan(r.insurance),
            yuan(r.back),
            yuan(r.total),
            "观居家居",
        ]
        for r in month.rows
    ]
    total = sum(r.total for r in month.rows) + month.declared_extra
    foot = [["", "件量", len(rows)], ["", "账单合计", "", "", "", "", "", "", "", yuan(total)]]
    path = path.with_suffix(".csv")
    with path.open("w", encoding="gb18030", newline="") as file:
        csv.writer(file).writerows([heads, *rows, *foot])
    return path


def zto(month: Month, path: Path) -> Path:
    """A workbook with titles above, numbers as numbers, and a total below."""
    rows: list[list[object]] = [["某某电子商务有限公司 2026年10月 对账单"], []]
    rows.append(["扫描时间", "运单号", "目的地", "目的地市", "结算重量(KG)", "运费（元）"])
    rows[-1] += ["偏远费", "保价费", "退件费", "金额合计"]
    for r in month.rows:
        rows.append(
            [
                str(r.day),
                int(r.number),
                r.province,
                "某市",
                r.billed_g / 1000,
                r.freight / 100,
                r.far / 100,
                r.insurance / 100,
                r.back / 100,
                r.total / 100,
            ]
        )
    total = sum(r.total for r in month.rows) + month.declared_extra
    rows.append(["总计", "", "", "", "", "", "", "", "", total / 100])
    path = path.with_suffix(".xlsx")
    path.write_bytes(
        xlsx_sheets({"10月": rows, "价格表": [["省份", "首重", "续重"], ["浙江", 3, 1]]})
    )
    return path


def sf(month: Month, path: Path) -> Path:
    """One row per service, and a section of discounts below that is not money of parcels."""
    rows: list[list[object]] = [["顺丰速运 月结账单明细"]]
    rows.append(
        ["序号", "日期", "运单号码", "对方地区", "到件地区", "计费重量", "产品类型", "付款方式"]
    )
    rows[-1] += ["服务", "费用(元)", "折扣/促销", "应付金额", "经手人"]
    serial = 0
    for r in month.rows:
        parts = (
            ("运费", r.freight),
            ("保费", r.insurance),
            ("偏远附加费", r.far),
            ("退回费", r.back),
        )
        for name, amount in parts:
            if amount or name == "运费":
                serial += 1
                rows.append(
                    [
                        serial,
                        f"{r.day:%m-%d}",
                        r.number,
                        "浙江",
                        r.province,
                        kg(r.billed_g),
                        "标快",
                        "寄付月结",
                        name,
                        yuan(amount),
                        "0.00",
                        yuan(amount),
                        "王",
                    ]
                )
    total = sum(r.total for r in month.rows) + month.declared_extra
    rows.append(["合计", "", "", "", "", "", "", "", "", yuan(total), "0.00", yuan(total)])
    path = path.with_suffix(".xlsx")
    path.write_bytes(xlsx_sheets({"账单明细": rows}))
    return path


def yto(month: Month, path: Path) -> Path:
    """UTF-8 with a mark at its start, waybills protected by a tab."""
    heads = [
        "运单号码",
        "账单结算对象名称",
        "计费重量（kg）",
        "计费省份",
        "计费目的地名称",
        "扫描时间",
    ]
    heads += ["快递费", "偏远费", "保价费", "退回费", "总费用"]
    rows = [
        [
            r.number + "\t",
            "观居家居",
            kg(r.billed_g),
            long_name(r.province),
            "",
            f"{r.day:%Y/%m/%d}",
            yuan(r.freight),
            yuan(r.far),
            yuan(r.insurance),
            yuan(r.back),
            "¥" + yuan(r.total),
        ]
        for r in month.rows
    ]
    path = path.with_suffix(".csv")
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        csv.writer(file).writerows([heads, *rows])
    return path


def jt(month: Month, path: Path) -> Path:
    """The sheet 寄件明细 of a workbook; one amount for all, no parts."""
    rows: list[list[object]] = [["运单编号", "寄件时间", "客户名称", "收件省份", "收件城市"]]
    rows[-1] += ["内部计费重量", "合计金额"]
    for r in month.rows:
        rows.append(
            [
                r.number,
                f"{r.day} 10:00:00",
                "观居家居",
                long_name(r.province),
                "某市",
                r.billed_g / 1000,
                r.total / 100,
            ]
        )
    rows.append(["合计", "", "", "", "", "", (sum(r.total for r in month.rows)) / 100])
    path = path.with_suffix(".xlsx")
    path.write_bytes(xlsx_sheets({"汇总": [["项目", "金额"]], "寄件明细": rows}))
    return path


def ems(month: Month, path: Path) -> Path:
    """Weights in grams."""
    heads = [
        "邮件号",
        "收寄日期",
        "寄达省",
        "重量(g)",
        "标准资费",
        "偏远附加费",
        "保价费",
        "退回费",
        "实收资费",
    ]
    rows = [
        [
            f"'{r.number}",
            f"{r.day:%Y%m%d}",
            r.province,
            r.billed_g,
            yuan(r.freight),
            yuan(r.far),
            yuan(r.insurance),
            yuan(r.back),
            yuan(r.total),
        ]
        for r in month.rows
    ]
    path = path.with_suffix(".csv")
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([heads, *rows])
    return path


LAYOUTS: dict[str, Callable[[Month, Path], Path]] = {
    "sto": sto,
    "zto": zto,
    "sf": sf,
    "yto": yto,
    "jt": jt,
    "ems": ems,
}
