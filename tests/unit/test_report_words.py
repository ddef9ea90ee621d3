"""Words of reports: nothing without a word in any language, nothing that a spreadsheet runs."""

from __future__ import annotations

import ast
import importlib
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aftersales.errors import BadInput
from courier_reconciliation.model import Discrepancy, Kind
from courier_reconciliation.output import words_facts, words_headings, words_kinds
from courier_reconciliation.output.cells import amount, amount_text, neutral
from courier_reconciliation.output.courier_layouts import LAYOUTS, language_for
from courier_reconciliation.output.words import LANGUAGES, Words, kilograms
from courier_reconciliation.rates.card import Rounding
from courier_reconciliation.surcharge_codes import is_known

FUNCTION = Path(__file__).resolve().parents[2] / "functions" / "courier_reconciliation"
TABLES = {
    "kinds": words_kinds.NAMES,
    "rules": words_kinds.RULES,
    "evidence": words_facts.EVIDENCE,
    "values": words_facts.VALUES,
    "charges": words_facts.CHARGES,
    "verdicts": words_facts.VERDICTS,
    "unbilled": words_facts.UNBILLED,
    "sheets": words_headings.SHEETS,
    "columns": words_headings.COLUMNS,
    "blocks": words_headings.BLOCKS,
    "windows": words_headings.WINDOWS,
}


def discrepancy(**more: object) -> Discrepancy:
    return Discrepancy(Kind.WEIGHT_OVER, "sto", "7700000000001", 820, 620, "CNY", **more)  # type: ignore[arg-type]


@pytest.mark.parametrize("table", TABLES)
def test_every_word_is_there_in_three_languages_with_the_same_places(table: str) -> None:
    for code, texts in TABLES[table].items():
        assert len(texts) == len(LANGUAGES)
        assert all(texts), code
        places = [sorted(re.findall(r"\{\w+\}", text)) for text in texts]
        assert places[0] == places[1] == places[2], code


def test_every_kind_has_a_name_and_a_rule() -> None:
    assert set(words_kinds.NAMES) == set(words_kinds.RULES) == set(Kind)


@pytest.mark.parametrize("language", LANGUAGES)
def test_kinds_have_names_of_their_own(language: str) -> None:
    words = Words(language)
    assert len({words.kind(kind) for kind in Kind}) == len(Kind)


def test_every_rounding_has_a_word() -> None:
    assert {mode.value for mode in Rounding} <= set(words_facts.VALUES)


def test_words_are_for_charges_that_exist() -> None:
    assert all(is_known(code) for code in words_facts.CHARGES)


EVIDENCE_KEY = re.compile(r'\(\s*"([a-z][a-z0-9_]+)",\s*(?:[a-z_.]|\()')


def keys_in_the_code() -> set[str]:
    """First members of pairs that stand where evidence is made."""
    found = set()
    for path in (*(FUNCTION / "causes").glob("*.py"), FUNCTION / "engine" / "run.py"):
        for line in path.read_text("utf-8").splitlines():
            if "evidence" in line or line.strip().startswith('("'):
                found.update(EVIDENCE_KEY.findall(line))
    return found


def test_every_key_of_evidence_has_a_word() -> None:
    found = keys_in_the_code()
    assert {"own_weight_g", "billed_weight_g", "outcome"} <= found
    assert found <= set(words_facts.EVIDENCE)


@pytest.mark.parametrize(
    ("language", "told"),
    [
        ("zh-CN", "我方称重：1.2 kg；实际目的地：广东；合同进位：满 1 kg 进位；声明价值：¥300.00"),
        ("en", "Own weight: 1.2 kg; Destination: 广东; Rounding agreed: up to the next 1 kg;"
               " Declared value: ¥300.00"),
    ],
)  # fmt: skip
def test_evidence_is_told_with_units(language: str, told: str) -> None:
    one = discrepancy(
        evidence=(
            ("own_weight_g", 1200),
            ("province", "广东"),
            ("rounding_agreed", "ceil_1000"),
            ("declared_value_minor", 30_000),
            ("cod_minor", None),
        )
    )
    assert Words(language).evidence(one) == told


def test_evidence_without_a_word_is_shown_as_it_is() -> None:
    assert Words("zh-CN").evidence(discrepancy(evidence=(("moon", 3),))) == "moon：3"


RULES = {
    "card row 2: ¥3.20 up to 1000 g, ¥1.00 for each started 1000 g above, rounding ceil_1000,"
    " volume / 8000": "价目表第 2 行：1000 g 以内 ¥3.20，超出部分每 1000 g（不足按一份）¥1.00，"
                      "满 1 kg 进位，体积重除数 8000",
    "card row 7: ¥1,234.50, rounding exact, discount 8.5 %":
        "价目表第 7 行：¥1,234.50，按实重，折扣 8.5%",
    "the card allows no remote for this parcel": "价目表不允许对此件收取偏远附加费",
    "card row 9: insurance": "价目表第 9 行：保价费",
    "card row 4: label fee only": "价目表第 4 行：只收面单费",
    "tax 6 %": "税率 6%",
    "the contract is in CNY": "合同币种为 CNY",
    "something new": "something new",
    "": "",
}  # fmt: skip


@pytest.mark.parametrize("rule", RULES)
def test_the_rule_of_the_contract_is_told_in_chinese(rule: str) -> None:
    assert Words("zh-CN").contract(discrepancy(rule=rule)) == RULES[rule]
    assert Words("en").contract(discrepancy(rule=rule)) == rule


def rules_in_the_code() -> set[str]:
    """Sentences that the causes give as rules, those with no places to fill."""
    source = (FUNCTION / "causes" / "wording.py").read_text("utf-8")
    return set(re.findall(r'Kind\.\w+: "([^"]+)"', source))


def test_no_fixed_rule_of_the_causes_stays_english() -> None:
    found = rules_in_the_code()
    assert found
    for rule in found:
        assert Words("zh-TW").contract(discrepancy(rule=rule)) != rule


SHARED = FUNCTION.parents[1] / "layers" / "shared" / "aftersales"
REASONS_IN = (
    *(FUNCTION / name for name in ("reading", "engine", "causes", "rates/price.py")),
    *(FUNCTION / name for name in ("bill_in.py", "look.py", "bucket.py")),
    SHARED / "objects.py",
)
SAID_BY = ("BadInput", "NotPriced", "Unknown", "Gone")
NOT_SHOWN = {
    *("own_layout", "_open", "shipment_row", "whole_number", "day_of", "read_shipments"),
    *("sheet_as_csv", "_number_in"),
}
"""Functions whose refusals stop the command, or are about a file that the shop wrote itself."""
ENGLISH = re.compile(r"[A-Za-z]{3,}")
NAMES_THAT_STAY = {
    *("CSV", "UTF", "GBK", "Excel", "JSON", "XML", "PDF", "ZIP", "RAR", "gzip", "xlsx"),
    *("bills", "reconciliation", "accounts", "sto"),
}


def template(text: ast.expr) -> str:
    """A sentence of the code, with 7 in each of its places."""
    if isinstance(text, ast.Constant):
        return str(text.value)
    assert isinstance(text, ast.JoinedStr)
    return "".join(str(p.value) if isinstance(p, ast.Constant) else "7" for p in text.values)


def reasons_in_the_code() -> set[str]:
    """Sentences with which reading and pricing refuse something."""
    found = set()
    for path in REASONS_IN:
        for file in [path] if path.is_file() else sorted(path.rglob("*.py")):
            for function in ast.walk(ast.parse(file.read_text("utf-8"))):
                if not isinstance(function, ast.FunctionDef) or function.name in NOT_SHOWN:
                    continue
                for call in ast.walk(function):
                    if not isinstance(call, ast.Call) or not call.args:
                        continue
                    said = getattr(call.func, "id", getattr(call.func, "attr", ""))
                    if said in SAID_BY and isinstance(call.args[0], ast.Constant | ast.JoinedStr):
                        found.add(template(call.args[0]))
    return found - {"7"}


@pytest.mark.parametrize("language", ["zh-CN", "zh-TW"])
def test_no_reason_of_a_refusal_stays_english(language: str) -> None:
    found = reasons_in_the_code()
    assert len(found) > 30
    words = Words(language)
    english = {said: set(ENGLISH.findall(words.reason(said))) - NAMES_THAT_STAY for said in found}
    assert not {said: left for said, left in english.items() if left}


REASONS = {
    "sheet 明细: no table of parcels was found: there is no column with a waybill number"
    " (运单号) and an amount (应收金额, 运费 ...). Columns seen: 日期, 客户. Rename the column, or"
    " describe the layout in the settings":
        "表“明细”：没有找到快件明细：缺少 运单号和金额（应收金额、运费……） 栏。"
        "看到的栏目：日期, 客户。请修改栏名，或在设置中描述该格式",
    "the row has no waybill number; '12a' is no amount of money":
        "该行没有运单号；'12a' 不是金额",
    "the waybill number was turned into 1.23E+12: its digits are lost; format the column as text"
    " before saving": "运单号变成了 1.23E+12：数字已丢失；保存前请把该栏设为文本格式",
    "shipped in the period and on no bill; the card has no price for 900 g to 西藏":
        "本期发货而账单没有；价目表没有 900 g 到西藏的价格",
    "this is a gzip archive; unpack it first": "这是 gzip 压缩包；请先解压",
    "no bill of 2026-10 was given: what it lacks cannot be said":
        "没有给出 2026-10 的账单：无法说明缺少哪些",
    "something new": "something new",
}  # fmt: skip


@pytest.mark.parametrize("said", REASONS)
def test_a_reason_is_told_in_chinese(said: str) -> None:
    assert Words("zh-CN").reason(said) == REASONS[said]
    assert Words("en").reason(said) == said


def test_a_language_that_is_none_is_refused() -> None:
    with pytest.raises(BadInput, match="zh-TW"):
        Words("fr")


@pytest.mark.parametrize(
    "text",
    ["=1+1", "+86", "-2", "@SUM(A1)", "\t=1", "\r=1", " =1", "＝1", "  @x", "\n=1", "\x01=cmd"],
)
def test_a_text_like_a_formula_is_defused(text: str) -> None:
    assert neutral(text).startswith("'")


@pytest.mark.parametrize(
    "text", ["7700000000001", "广东", "a=b", "SF1400", "2026-10-12", "", "¥3.20"]
)
def test_a_plain_text_stays(text: str) -> None:
    assert neutral(text) == text


@given(st.text())
def test_no_text_begins_like_a_formula_afterwards(text: str) -> None:
    safe = neutral(text)
    assert not safe.lstrip().startswith(("=", "+", "-", "@"))
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]", safe)


@given(st.integers(-(10**12), 10**12), st.sampled_from(["CNY", "JPY", "KWD", "odd"]))
def test_amounts_are_exact_as_text_and_to_the_minor_unit_in_cells(minor: int, code: str) -> None:
    from decimal import Decimal

    places = {"JPY": 0, "KWD": 3}.get(code, 2)
    assert Decimal(amount_text(minor, code)) == Decimal(minor).scaleb(-places)
    assert round(amount(minor, code) * 10**places) == minor


@pytest.mark.parametrize(
    ("grams", "text"), [(0, "0"), (1200, "1.2"), (1, "0.001"), (2000, "2"), (-1500, "-1.5")]
)
def test_grams_are_told_as_kilograms(grams: int, text: str) -> None:
    assert kilograms(grams) == text


@pytest.mark.parametrize("courier", LAYOUTS)
def test_a_couriers_layout_names_each_column_once(courier: str) -> None:
    from courier_reconciliation.output.claim_rows import columns_of

    columns = columns_of(courier, Words(language_for(courier, "zh-CN")))
    headings = [each.column.heading for each in columns]
    assert len(set(headings)) == len(headings)


@pytest.mark.parametrize(
    ("courier", "language", "written"),
    [("sto", "zh-CN", "zh-CN"), ("sto", "zh-TW", "zh-TW"), ("sto", "en", "zh-CN"),
     ("ups", "zh-CN", "en")],
)  # fmt: skip
def test_a_claim_is_written_in_the_couriers_language(
    courier: str, language: str, written: str
) -> None:
    assert language_for(courier, language) == written


@pytest.mark.parametrize(("language", "place"), [("zh_cn", 0), ("zh_tw", 1), ("en", 2)])
def test_a_kind_is_called_the_same_in_messages_and_in_reports(language: str, place: int) -> None:
    said = importlib.import_module(f"aftersales.messages.{language}_bills").CAUSES
    for kind, word in said.items():
        name = words_kinds.NAMES[Kind(kind)][place]
        assert word in (name, name[0].lower() + name[1:])
