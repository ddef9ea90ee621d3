"""Rate cards from CSV, XLSX and YAML files: what is read, what is refused and how it is said."""

from __future__ import annotations

from datetime import date

import pytest

from aftersales.errors import BadInput
from courier_reconciliation.rates.card import Basis, Rounding, StepMode
from courier_reconciliation.rates.load import load_card, parse_card
from courier_reconciliation.surcharge_codes import Due

HEADER = (
    "courier,service,valid_from,valid_to,provinces,min_weight_g,max_weight_g,base_price_minor,"
    "base_weight_g,step_weight_g,step_price_minor,step_mode,rounding,volumetric_divisor,"
    "surcharge_code,surcharge_basis,surcharge_value,currency\n"
)
LINES = (
    "zto,,2026-01-01,2026-12-31,广东省|上海市,0,,320,1000,1000,100,ceil,ceil_1000,8000,,,,CNY\n"
    "zto,,2026-01-01,2026-12-31,*,0,3000,450,1000,500,80,proportional,exact,,,,,CNY\n"
    "zto,,,,新疆维吾尔自治区|西藏,,,,,,,,,,偏远费,per_parcel,500,CNY\n"
    "zto,,,,*,,,,,,,,,,fuel,percent_of_freight,8.25,CNY\n"
    "zto,,,,,,,,,,,,,,insurance,percent_of_declared,0.5%,CNY\n"
)
CSV = HEADER + LINES


@pytest.fixture
def card(tmp_path):
    path = tmp_path / "card.csv"
    path.write_text(CSV, "utf-8")
    return load_card(path)


def test_the_public_csv_form_is_read(card):
    near, others = card.freight
    assert (near.courier, near.service, near.row) == ("zto", "", 2)
    assert (near.valid_from, near.valid_to) == (date(2026, 1, 1), date(2026, 12, 31))
    assert near.provinces == ("广东", "上海")
    assert (near.min_weight_g, near.max_weight_g) == (0, None)
    assert (near.base_price_minor, near.base_weight_g) == (320, 1000)
    assert (near.step_weight_g, near.step_price_minor) == (1000, 100)
    assert (near.step_mode, near.rounding) == (StepMode.CEIL, Rounding.CEIL_1000)
    assert (near.volumetric_divisor, near.currency) == (8000, "CNY")
    assert others.provinces == ("*",)
    assert others.step_mode is StepMode.PROPORTIONAL
    assert others.volumetric_divisor is None


def test_surcharge_rows_have_canonical_codes_and_exact_values(card):
    remote, fuel, insurance = card.surcharges
    assert (remote.code, remote.basis, remote.value_e4) == (
        "remote",
        Basis.PER_PARCEL,
        500 * 10_000,
    )
    assert remote.provinces == ("新疆", "西藏")
    assert (fuel.code, fuel.value_e4, fuel.due) == ("fuel", 82_500, Due.ALWAYS)
    assert (insurance.code, insurance.value_e4) == ("insurance", 5_000)
    assert (insurance.due, insurance.provinces) == (Due.DECLARED, ("*",))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_every_usual_encoding_gives_the_same_card(card, encoding):
    read, problems = parse_card(CSV.encode(encoding), "card.csv")
    assert (read.freight, read.surcharges, problems) == (card.freight, card.surcharges, [])


@pytest.mark.parametrize("delimiter", [";", "\t"])
def test_other_delimiters_are_read(card, delimiter):
    read, problems = parse_card(CSV.replace(",", delimiter).encode(), "card.csv")
    assert (read.freight, problems) == (card.freight, [])


def test_numbers_that_a_spreadsheet_made_floats_are_read():
    text = HEADER + "zto,,,,*,0.0,3000.0,320.0,1000.0,1000.0,100.0,ceil,ceil_1000,8000.0,,,,CNY\n"
    card, problems = parse_card(text.encode(), "card.csv")
    assert not problems
    assert (card.freight[0].max_weight_g, card.freight[0].volumetric_divisor) == (3000, 8000)


def test_a_workbook_is_read_like_the_text(tmp_path, card):
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    sheet = book.active
    for line in CSV.splitlines():
        cells = line.split(",")
        sheet.append([int(cell) if cell.isdecimal() else cell or None for cell in cells])
    sheet["C2"] = date(2026, 1, 1)
    path = tmp_path / "card.xlsx"
    book.save(path)
    read = load_card(path)
    assert (read.freight, read.surcharges) == (card.freight, card.surcharges)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("zto,,,,*,0,,3.20,1000,,,,,,,,,CNY", "row 2, base_price_minor: '3.20' must be a whole"),
        ("zto,,,,*,0,,3.20,,,,,,,,,,CNY", "(fen, cent): 3.20 is written as 320"),
        ("zto,,,,*,0,,,,,,,,,,,,CNY", "row 2, base_price_minor: a price is missing"),
        ("zto,,,,*,0,,320,1000,,100,,,,,,,CNY", "row 2, step_weight_g: a step price needs"),
        ("zto,,,,*,0,,320,1000,0,100,,,,,,,CNY", "row 2, step_weight_g: 0 g is no step"),
        ("zto,,,,*,0,,320,,,,steps,,,,,,CNY", "'steps' is none of ceil, proportional"),
        ("zto,,,,*,0,,320,,,,,ceil_2000,,,,,CNY", "row 2, rounding: 'ceil_2000' is none of"),
        ("zto,,2026-02-30,,*,0,,320,,,,,,,,,,CNY", "'2026-02-30' is not a date"),
        ("zto,,2026-02-01,2026-01-01,*,0,,320,,,,,,,,,,CNY", "is before valid_from"),
        ("zto,,,,*,2000,1000,320,,,,,,,,,,CNY", "1000 g is below min_weight_g"),
        ("zto,,,,*,0,,-320,,,,,,,,,,CNY", "'-320' is below zero"),
        ("zto,,,,*,0,,abc,,,,,,,,,,CNY", "'abc' is not a number"),
        ("zto,,,,*,0,,320,,,,,,,,,,yuan", "is not a currency code"),
        (",,,,*,0,,320,,,,,,,,,,CNY", "the courier is missing"),
        ("zto,,,,*,,,,,,,,,,fuel,percent,8,CNY", "row 2, surcharge_basis: 'percent' is none of"),
        ("zto,,,,*,,,,,,,,,,fuel,,8,CNY", "surcharge_basis: must be one of"),
        ("zto,,,,*,,,,,,,,,,fuel,per_parcel,,CNY", "the amount or percentage is missing"),
        ("zto,,,,*,,,,,,,,,,运费,per_parcel,8,CNY", "is no surcharge"),
    ],
)
def test_a_wrong_line_is_named_with_row_and_column(tmp_path, line, said):
    path = tmp_path / "card.csv"
    path.write_text(HEADER + line + "\n", "utf-8")
    with pytest.raises(BadInput, match=r"^card\.csv: ") as refused:
        load_card(path)
    assert said in str(refused.value)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "empty"),
        (b"a,b\n1,2\n", "the first line has: a, b"),
        (HEADER.encode(), "the card has no price"),
        (b"courier,currency\nzto,CNY\n", "the column base_price_minor is missing"),
        (b"courier,courier,base_price_minor\nzto,zto,1\n", "the column courier stands twice"),
        (b"PK\x03\x04 no workbook", "card.csv"),
    ],
)
def test_a_file_that_is_no_card_is_refused_with_what_was_seen(tmp_path, content, said):
    path = tmp_path / "card.csv"
    path.write_bytes(content)
    with pytest.raises(BadInput) as refused:
        load_card(path)
    assert said in str(refused.value)


def test_an_unknown_column_is_a_warning_and_the_card_is_used():
    card, problems = parse_card(b"courier,base_price_minor,note\nzto,320,old\n", "card.csv")
    assert len(card.freight) == 1
    assert [(problem.is_error, "note" in problem.message) for problem in problems] == [
        (False, True)
    ]


def test_couriers_are_known_by_their_names_too():
    card, _ = parse_card("courier,base_price_minor\n中通快递,320\nSF,900\n".encode(), "card.csv")
    assert card.couriers == ("sf", "zto")


def test_prices_of_several_origins_ask_which_one_is_meant():
    text = "courier,origin,base_price_minor\nzto,浙江省,320\nzto,广东,330\nzto,,900\n".encode()
    _, problems = parse_card(text, "card.csv")
    assert [str(problem) for problem in problems] == [
        "the card has prices from 广东, 浙江; say which origin"
    ]
    card, problems = parse_card(text, "card.csv", origin="广东")
    assert [row.base_price_minor for row in card.freight] == [330, 900]
    assert not problems


YAML = """
currency: CNY
zones:
  near: [上海, 江苏, 浙江]
  far: 新疆|西藏
contracts:
  - courier: zto
    valid_from: 2026-01-01
    rounding: ceil_1000
    volumetric_divisor: 8000
    discount_percent: 5
    prices:
      - to: near
        base_price_minor: 320
        base_weight_g: 1000
        step_weight_g: 1000
        step_price_minor: 100
      - to: [far, 青海]
        bands:
          - {up_to_g: 500, base_price_minor: 600}
          - {up_to_g: 1000, base_price_minor: 900}
          - {base_price_minor: 900, base_weight_g: 1000, step_weight_g: 1000, step_price_minor: 700}
      - {to: others, base_price_minor: 450}
    surcharges:
      - code: fuel
        basis: percent_of_freight
        by_month: {2026-10: 8.5, 2026-11: 9}
      - {code: remote, basis: per_parcel, value: 500, to: far, maximum_minor: 500}
"""


def test_the_yaml_form_writes_the_same_rows_in_fewer_words():
    card, problems = parse_card(YAML.encode(), "card.yaml")
    assert not problems
    assert [
        (r.provinces, r.min_weight_g, r.max_weight_g, r.base_price_minor) for r in card.freight
    ] == [
        (("上海", "江苏", "浙江"), 0, None, 320),
        (("新疆", "西藏", "青海"), 0, 500, 600),
        (("新疆", "西藏", "青海"), 501, 1000, 900),
        (("新疆", "西藏", "青海"), 1001, None, 900),
        (("*",), 0, None, 450),
    ]
    assert {(row.discount_e4, row.volumetric_divisor) for row in card.freight} == {(50_000, 8000)}
    october, november, remote = card.surcharges
    assert (october.valid_from, october.valid_to) == (date(2026, 10, 1), date(2026, 10, 31))
    assert (october.value_e4, november.value_e4) == (85_000, 90_000)
    assert (remote.provinces, remote.maximum_minor) == (("新疆", "西藏"), 500)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("contracts: [", "not YAML"),
        ("currency: CNY", "a list `contracts` is missing"),
        ("contracts:\n  - courier: zto\n    price: 3", "row 3: price is not known here"),
        ("contracts:\n  - courier: zto\n    prices: 3", "row 3: a list is expected"),
        (
            "contracts:\n  - courier: zto\n    prices:\n      - {to: 上海}",
            "row 4, base_price_minor",
        ),
        ("contracts: []", "the card has no price"),
    ],
)
def test_a_wrong_yaml_card_names_the_line(tmp_path, text, said):
    path = tmp_path / "card.yaml"
    path.write_text(text, "utf-8")
    with pytest.raises(BadInput) as refused:
        load_card(path)
    assert said in str(refused.value)
