"""Bills in which only a closer look tells a mistake from what a courier's bill usually has."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path

import pytest

from courier_reconciliation.engine.database import workshop
from courier_reconciliation.engine.run import Options, reconcile
from courier_reconciliation.engine.shipment_file import read_shipments
from courier_reconciliation.rates.load import load_card
from courier_reconciliation.reading.bills import read_bills
from courier_reconciliation.reading.model import ReadingOptions
from courier_reconciliation.result import Reconciliation

RATES = (
    "courier,service,valid_from,valid_to,provinces,min_weight_g,max_weight_g,base_price_minor,"
    "base_weight_g,step_weight_g,step_price_minor,step_mode,rounding,volumetric_divisor,"
    "surcharge_code,surcharge_basis,surcharge_value,currency\n"
)
SHIPPED = ("waybill_number", "courier", "shipped_at", "weight_g", "length_mm", "width_mm",
           "height_mm", "province", "parcel_count", "outcome")  # fmt: skip
A, B, C = "7740000000001", "7740000000002", "7740000000003"


def freight(
    rounding: str = "ceil_1000", courier: str = "sto", steps: str = "1000,1000,100,ceil"
) -> str:
    return f"{courier},,2026-01-01,,*,0,,320,{steps},{rounding},8000,,,,CNY\n"


def surcharge(code: str, basis: str, value: object, provinces: str = "*", courier="sto") -> str:
    return f"{courier},,2026-01-01,,{provinces},,,,,,,,,,{code},{basis},{value},CNY\n"


def parcel(number, grams=900, province="浙江", sides=("", "", ""), count=1, outcome="delivered"):
    courier = "jd" if number.startswith("JD") else "jt" if number.startswith("JT") else "sto"
    return (number, courier, "2026-10-05", grams, *sides, province, count, outcome)


def answer(
    folder: Path,
    rates: str,
    parcels: Sequence[Sequence[object]],
    head: Sequence[str],
    rows: Sequence[Sequence[object]],
    *earlier: Sequence[Sequence[object]],
) -> Reconciliation:
    def table(name: str, lines: Sequence[Sequence[object]]) -> Path:
        path = folder / name
        with path.open("w", encoding="utf-8", newline="") as stream:
            csv.writer(stream).writerows(lines)
        return path

    (folder / "rates.csv").write_text(RATES + rates, encoding="utf-8")
    card = load_card(folder / "rates.csv")
    files = [table(f"0{n}.csv", [head, *month]) for n, month in enumerate((*earlier, rows), 1)]
    with workshop() as desk:
        options = ReadingOptions(period="2026-10", courier=str(parcels[0][1]))
        read = read_bills(desk.connection, files, options)
        shipped = table("shipments.csv", [SHIPPED, *parcels])
        read_shipments(desk.connection, shipped, "Asia/Shanghai", desk.folder)
        return reconcile(desk.connection, read, card, Options(period="2026-10"), desk.folder)


def found(result: Reconciliation) -> list[tuple[str, str, int, int]]:
    return [
        (d.waybill_number, d.kind.value, d.billed_minor, d.expected_minor)
        for d in result.discrepancies
    ]


PARTS = ("运单号", "业务时间", "结算重量", "目的省份", "中转费", "附加费", "应收金额")
TOTALS = ("运单号", "业务时间", "结算重量", "目的省份", "应收金额")
BOTH_WEIGHTS = ("运单号", "揽收时间", "目的省", "实际重量", "计费重量", "快递运费", "结算金额")


def test_a_late_surcharge_in_a_row_of_its_own_is_no_duplicate(tmp_path):
    parcels = [parcel(A, province="新疆"), parcel(B)]
    rows = [
        (A, "2026-10-05", 1, "新疆", "3.20", "0", "3.20"),
        (A, "2026-10-28", 1, "新疆", "0", "5.00", "5.00"),
        (B, "2026-10-05", 1, "浙江", "3.20", "0", "3.20"),
        (B, "2026-10-28", 1, "浙江", "0", "5.00", "5.00"),
        (B, "2026-10-29", 1, "浙江", "3.20", "0", "3.20"),
    ]
    rates = freight() + surcharge("remote", "per_parcel", 500, "新疆")
    assert set(found(answer(tmp_path, rates, parcels, PARTS, rows))) == {
        (B, "duplicate_waybill", 320, 0),
        (B, "surcharge_invalid", 500, 0),
    }


def test_surcharges_by_weight_have_the_tolerance_of_the_weight(tmp_path):
    parcels = [parcel(A, 2938), parcel(B, 2279), parcel(C, 2279)]
    rows = [
        (A, "2026-10-05", "2.953", "浙江", "3.20", "14.77", "17.97"),
        (B, "2026-10-05", "2.262", "浙江", "3.20", "11.31", "14.51"),
        (C, "2026-10-05", "2.262", "浙江", "3.20", "13.31", "16.51"),
    ]
    flat = freight("exact", steps="9000,1000,100,ceil")
    rates = flat + surcharge("peak", "per_kg", 500)
    assert [one[:2] for one in found(answer(tmp_path, rates, parcels, PARTS, rows))] == [
        (C, "surcharge_invalid")
    ]


@pytest.mark.parametrize(
    ("extra", "is_right"), [("15.00", True), ("11.15", True), ("13.00", False)]
)
def test_a_surcharge_by_weight_may_be_of_the_weight_before_rounding(tmp_path, extra, is_right):
    rows = [(A, "2026-10-05", "2.229", "浙江", "5.20", extra, f"{5.2 + float(extra):.2f}")]
    rates = freight() + surcharge("peak", "per_kg", 500)
    result = answer(tmp_path, rates, [parcel(A, 2229)], PARTS, rows)
    assert (found(result) == []) is is_right


@pytest.mark.parametrize(
    ("own", "shown", "charged", "amount", "kind"),
    [
        (980, "1.01", "2", "4.20", ""),  # noise of the scale over the step
        (1020, "0.99", "1", "3.20", ""),
        (7128, "8.13", "8", "10.20", "weight_over"),  # 8.13 is 8 by the contract
        (1128, "1.13", "2", "4.20", "rounding_wrong"),
    ],
)
def test_what_the_couriers_scale_showed_is_heard(tmp_path, own, shown, charged, amount, kind):
    number = "JDVA10000000001"
    rounding = "drop_300" if kind else "ceil_1000"
    rows = [(number, "2026-10-05", "浙江", shown, charged, amount, amount)]
    rates = freight(rounding, "jd")
    result = answer(tmp_path, rates, [parcel(number, own)], BOTH_WEIGHTS, rows)
    assert [one[1] for one in found(result)] == [kind] * bool(kind)


def test_a_weight_of_the_steps_of_the_price_shows_the_divisor(tmp_path):
    parcels = [parcel(A, 1200, sides=(450, 350, 200))]
    rows = [(A, "2026-10-05", 6, "浙江", "8.20")]
    result = answer(tmp_path, freight("exact"), parcels, TOTALS, rows)
    assert found(result) == [(A, "volumetric_wrong", 820, 620)]


def test_a_wrong_freight_is_shown_by_the_amount_of_its_row(tmp_path):
    rows = [(A, "2026-10-05", 1, "新疆", "4.00", "5.00", "9.00")]
    rates = freight() + surcharge("remote", "per_parcel", 500, "新疆")
    result = answer(tmp_path, rates, [parcel(A, province="新疆")], PARTS, rows)
    assert found(result) == [(A, "rate_wrong", 900, 820)]


def test_a_surcharge_that_the_card_calls_no_name_covers_an_unnamed_one(tmp_path):
    rows = [
        (A, "2026-10-05", 1, "浙江", "3.20", "7.00", "10.20"),
        (B, "2026-10-05", 1, "浙江", "3.20", "2.00", "5.20"),
    ]
    rates = freight() + surcharge("surcharge", "per_parcel", 200)
    result = answer(tmp_path, rates, [parcel(A), parcel(B)], PARTS, rows)
    assert found(result) == [(A, "surcharge_invalid", 700, 200)]


def test_all_of_a_parcel_that_an_earlier_bill_had_is_billed_twice(tmp_path):
    head = ("运单号码", "日期", "计费重量", "到件地区", "应付金额", "服务")
    service = [(A, "2026-09-28", 1, "杭州", "3.20", "运费"), (A, "2026-09-28", 1, "杭州", "0.16",
               "燃油费")]  # fmt: skip
    again = [(n, "2026-10-05", *rest) for n, _, *rest in service]
    rates = freight() + surcharge("fuel", "percent_of_freight", 5)
    parcels = [(A, "sto", "2026-09-27", 900, "", "", "", "浙江", 1, "delivered")]
    result = answer(tmp_path, rates, parcels, head, again, service)
    assert found(result) == [(A, "duplicate_waybill", 336, 0)]


def test_of_two_rows_of_a_returned_parcel_the_one_with_its_extras_is_the_way_out(tmp_path):
    head = ("运单号", "业务时间", "结算重量", "目的省份", "中转费", "送货费", "燃油费", "应收金额")
    rows = [
        (A, "2026-10-05", 1, "浙江", "3.20", "6.00", "0.16", "9.36"),
        (A, "2026-10-09", 1, "浙江", "3.20", "0", "0", "3.20"),
    ]
    rates = (
        freight()
        + surcharge("return", "percent_of_freight", 60)
        + surcharge("fuel", "percent_of_freight", 5)
        + surcharge("送货费", "per_parcel", 600)
    )
    result = answer(tmp_path, rates, [parcel(A, outcome="returned")], head, rows)
    assert found(result) == [(A, "return_overcharge", 320, 192)]


def test_a_way_back_at_full_price_inside_a_freight_is_too_much_by_the_share_agreed(tmp_path):
    rows = [(A, "2026-10-05", 1, "浙江", "6.40", "0", "6.40")]
    rates = freight() + surcharge("return", "percent_of_freight", 50)
    result = answer(tmp_path, rates, [parcel(A, outcome="returned")], PARTS, rows)
    assert found(result) == [(A, "return_overcharge", 640, 480)]


def test_pieces_of_which_one_row_has_the_money_weigh_together(tmp_path):
    number = "JDVA10000000001"
    rows = [(number, "2026-10-05", "浙江", "", "3", *money) for money in
            (("11.20", "11.20"), ("0", "0"), ("0", "0"))]  # fmt: skip
    result = answer(
        tmp_path, freight(courier="jd"), [parcel(number, 6000, count=3)], BOTH_WEIGHTS, rows
    )
    assert [one[:2] for one in found(result)] == [(number, "weight_over")]


def test_what_pieces_cost_together_is_told_of_their_shipment(tmp_path):
    head = ("运单号", "母单号", "业务时间", "结算重量", "目的省份", "应收金额")
    rows = [(f"774000000010{n}", A, "2026-10-05", 3, "浙江", "4.20") for n in range(3)]
    result = answer(tmp_path, freight(), [parcel(A, 6000, count=3)], head, rows)
    assert {one[0] for one in found(result)} == {A}
    assert result.claimable_minor == 440


def test_the_area_of_a_couriers_own_is_no_wrong_zone(tmp_path):
    rows = [(A, "2026-10-05", 1, "华南大区", "4.43")]
    result = answer(tmp_path, freight(), [parcel(A)], TOTALS, rows)
    assert found(result) == [(A, "rate_wrong", 443, 320)]


@pytest.mark.parametrize(("grams", "amount"), [(1000, "9.00"), (3200, "5.20")])
def test_a_card_that_can_be_read_in_two_ways_is_read_as_the_bill_does(tmp_path, grams, amount):
    row = "sto,,2026-01-01,,*,{},{},{},9000,1000,100,ceil,drop_300,,,,,CNY\n"
    rates = row.format(0, 1000, 320) + row.format(1000, 3000, 520)
    rates = rates.replace("520", "900" if grams == 1000 else "520") + row.format(3001, "", 630)
    rows = [(A, "2026-10-05", grams / 1000, "浙江", amount)]
    assert found(answer(tmp_path, rates, [parcel(A, grams)], TOTALS, rows)) == []


def test_duty_that_a_courier_advanced_is_no_surcharge(tmp_path):
    head = (*TOTALS[:4], "中转费", "关税", "应收金额")
    rows = [(A, "2026-10-05", 1, "浙江", "3.20", "35.00", "38.20")]
    assert found(answer(tmp_path, freight(), [parcel(A)], head, rows)) == []


# --- what the other rows of a bill do -----------------------------------------------------------


def many(count: int = 20) -> list[str]:
    return [f"77400000001{n:02d}" for n in range(count)]


@pytest.mark.parametrize("weights_are_rounded", [True, False])
def test_a_round_weight_among_others_that_are_none_is_what_the_scale_showed(
    tmp_path, weights_are_rounded
):
    others = many()
    parcels = [parcel(A, 3012), *(parcel(number, 1730) for number in others)]
    shown = "2" if weights_are_rounded else "1.74"
    rows = [(A, "2026-10-05", "3.00", "浙江", "5.20")]
    rows += [(number, "2026-10-05", shown, "浙江", "4.20") for number in others]
    result = answer(tmp_path, freight(), parcels, TOTALS, rows)
    assert [one[:2] for one in found(result)] == [(A, "underbilled")] * weights_are_rounded


@pytest.mark.parametrize("scale_differs", [True, False])
def test_a_weight_in_full_hectograms_is_rounded_only_where_others_are_ones_own(
    tmp_path, scale_differs
):
    others = many()
    exact = freight("exact", steps="1000,1000,100,proportional")
    parcels = [parcel(A, 1283), *(parcel(number, 1730) for number in others)]
    shown, amount = ("1.75", "3.95") if scale_differs else ("1.73", "3.93")
    rows = [(A, "2026-10-05", "1.30", "浙江", "3.50")]
    rows += [(number, "2026-10-05", shown, "浙江", amount) for number in others]
    result = answer(tmp_path, exact, parcels, TOTALS, rows)
    wanted = [] if scale_differs else [(A, "rounding_wrong")]
    assert [one[:2] for one in found(result)] == wanted


@pytest.mark.parametrize("amount", ["8.20", "3.20"])
def test_a_surcharge_that_a_bill_charges_to_nobody_is_not_expected(tmp_path, amount):
    numbers = many(6)
    parcels = [parcel(number, province="新疆") for number in numbers]
    rows = [(number, "2026-10-05", 1, "新疆", "3.20") for number in numbers[1:]]
    rows.append((numbers[0], "2026-10-05", 1, "新疆", amount))
    rates = freight() + surcharge("remote", "per_parcel", 500, "新疆")
    result = answer(tmp_path, rates, parcels, TOTALS, rows)
    is_told = any("remote" in note for note in result.notes)
    if amount == "3.20":
        assert (found(result), is_told) == ([], True)
    else:  # where one parcel has it, the others lack it
        assert ([one[1] for one in found(result)], is_told) == (["underbilled"] * 5, False)


@pytest.mark.parametrize(("free", "kind"), [(0, "zone_wrong"), (10, "rate_wrong")])
def test_one_of_many_free_prices_may_be_another_zones_by_chance(tmp_path, free, kind):
    numbers = many()
    rates = freight() + freight().replace(",*,0,,320,", ",新疆,0,,400,")
    wrong = {numbers[0]: "4.00"} | {n: f"{3.31 + 0.01 * i:.2f}" for i, n in
                                    enumerate(numbers[1 : 1 + free])}  # fmt: skip
    rows = [(n, "2026-10-05", 1, "浙江", wrong.get(n, "3.20")) for n in numbers]
    result = answer(tmp_path, rates, [parcel(n) for n in numbers], TOTALS, rows)
    kinds = {one[0]: one[1] for one in found(result)}
    assert len(kinds) == 1 + free
    assert kinds[numbers[0]] == kind


J_T = ("运单编号", "寄件时间", "内部计费重量", "收件省份", "收入", "税费", "合计金额")


@pytest.mark.parametrize("tax_is_inside", [True, False])
def test_tax_at_another_rate_than_the_other_rows_is_a_matter_of_tax(tmp_path, tax_is_inside):
    numbers = [f"JT52652064{n:05d}" for n in range(12)]
    right, wrong = ("3.02", "0.18", "3.20"), ("3.02", "0.27", "3.29")
    if not tax_is_inside:
        right, wrong = ("3.20", "0.19", "3.39"), ("3.20", "0.29", "3.49")
    rows = [(n, "2026-10-05", 1, "浙江", *(right if n != numbers[3] else wrong)) for n in numbers]
    parcels = [parcel(number) for number in numbers]
    result = answer(tmp_path, freight(courier="jt"), parcels, J_T, rows)
    ((number, kind, billed, expected),) = found(result)
    assert (number, kind) == (numbers[3], "tax_mismatch")
    assert billed - expected == (9 if tax_is_inside else 10)


def test_a_discount_that_all_rows_have_but_one_is_missing_there(tmp_path):
    head = (*TOTALS[:4], "折扣", "应收金额")
    numbers = many()
    rows = [(n, "2026-10-05", 1, "浙江", "-0.80", "3.20") for n in numbers[1:]]
    rows.append((numbers[0], "2026-10-05", 1, "浙江", "0", "4.00"))
    result = answer(tmp_path, freight(), [parcel(n) for n in numbers], head, rows)
    assert found(result) == [(numbers[0], "missing_discount", 400, 320)]
