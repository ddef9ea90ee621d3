"""The SQL that turns the columns of a sheet into lines: `cells.py` for a million rows at once.

Two strengths. The quick one reads what well-kept bills have and nothing else: plain numbers, ISO
dates, waybill numbers without ornaments. A row in which it cannot read a cell keeps all its cells
in `raw`; those rows are read again with the strong one (units, apostrophes, full-width characters,
other dates), and what is left then goes through `rows.py` one by one.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from courier_reconciliation.filling import enum, quoted
from courier_reconciliation.model import TOTAL
from courier_reconciliation.reading.cells import GRAMS, MILLIMETRES
from courier_reconciliation.reading.plan import AMOUNTS, Plan

_LATIN = "".join(map(chr, (*range(0x30, 0x3A), *range(0x41, 0x5B), *range(0x61, 0x7B)))) + ".-/:"
WIDE = "".join(chr(ord(c) + 0xFEE0) for c in _LATIN) + "\u3000"
PLAIN = _LATIN + " "
"""Full-width characters, and what they are."""
NULLS = ("", "-", "--", "—", "/", "N/A", "NULL", "null")


def column(index: int) -> str:
    """The name under which a column of a sheet is read."""
    return f"c{index}"


def waybill(col: str, *, strong: bool) -> str:
    """A waybill number, or NULL where it takes a closer look."""
    if strong:
        narrow = f"translate({col}, {quoted(WIDE)}, {quoted(PLAIN)})"
        plain = f"trim({narrow}, ' \t\n\r\u00a0\u200b\ufeff')"
        plain = f"regexp_replace({plain}, '^(=\")?[''’‘`]?([A-Za-z0-9]+)\"?$', '\\2')"
        plain = f"upper(regexp_replace({plain}, '^([0-9]{{5,15}})\\.0+$', '\\1'))"
    else:
        plain = col
    # Short runs of digits are counts and totals more often than waybill numbers.
    return (
        f"CASE WHEN regexp_full_match({plain}, '[A-Z0-9]*[0-9]{{4}}[A-Z0-9]*')"
        f" AND length({plain}) BETWEEN 8 AND 50 THEN {plain} END"
    )


def amount(col: str, decimals: int, *, comma: bool, strong: bool) -> str:
    """An amount in minor units, or NULL."""
    scale = 10**decimals
    text = f"replace(replace({col}, '.', ''), ',', '.')" if comma else col
    if strong:
        plain = f"translate({col}, {quoted(WIDE + '，￥')}, {quoted(PLAIN + ',¥')})"
        form = "[¥$]? *[+-]?([0-9]+|[0-9]{1,3}(,[0-9]{3})+)(\\.[0-9]*)? *(元|CNY|RMB)?"
        if comma:
            form = "€? *[+-]?([0-9]+|[0-9]{1,3}(\\.[0-9]{3})+)(,[0-9]*)? *(€|EUR)?"
        digits = f"regexp_replace({plain}, '[^0-9.,+-]', '', 'g')"
        digits = (
            f"replace(replace({digits}, '.', ''), ',', '.')"
            if comma
            else f"replace({digits}, ',', '')"
        )
        text = f"CASE WHEN regexp_full_match(trim({plain}), '{form}') THEN {digits} END"
    return f"(try_cast({text} AS DECIMAL(15,{decimals})) * {scale})::BIGINT"


def weight(col: str, unit: str, *, comma: bool, strong: bool) -> str:
    """A weight in grams, or NULL."""
    text = f"replace(replace({col}, '.', ''), ',', '.')" if comma else col
    if not strong:
        return _grams(text, unit)
    plain = f"lower(replace(translate({col}, {quoted(WIDE)}, {quoted(PLAIN)}), ' ', ''))"
    number = f"regexp_extract({plain}, '^([0-9]*\\.?[0-9]*)(kg|kgs|公斤|千克|g|克)$', 1)"
    if comma:
        return _grams(text, unit)
    is_kg = f"regexp_matches({plain}, '(kg|kgs|公斤|千克)$')"
    is_g = f"regexp_matches({plain}, '(g|克)$')"
    return (
        f"CASE WHEN {is_kg} THEN {_grams(number, 'kg')} WHEN {is_g} THEN {_grams(number, 'g')}"
        f" ELSE {_grams(plain, unit)} END"
    )


def _grams(text: str, unit: str) -> str:
    factor = GRAMS[unit]
    if unit == "kg":
        return f"(try_cast({text} AS DECIMAL(13,3)) * 1000)::BIGINT"
    if unit == "g":
        return f"try_cast({text} AS DECIMAL(13,0))::BIGINT"
    return f"round(try_cast({text} AS DECIMAL(15,6))::DECIMAL(30,6) * {factor})::BIGINT"


def length(col: str, unit: str, *, comma: bool) -> str:
    """A length in millimetres, or NULL."""
    text = f"replace({col}, ',', '.')" if comma else col
    factor = MILLIMETRES[unit]
    return f"round(try_cast({text} AS DECIMAL(13,4))::DECIMAL(30,4) * {factor})::BIGINT"


def day(col: str, plan: Plan, *, strong: bool) -> str:
    """A day, or NULL."""
    found = f"try_cast(CASE WHEN strlen({col}) = 10 THEN {col} ELSE left({col}, 10) END AS DATE)"
    if strong:
        token = f"split_part(replace(trim({col}), 'T', ' '), ' ', 1)"
        first, second = ("%d/%m/%Y", "%m/%d/%Y") if plan.day_first else ("%m/%d/%Y", "%d/%m/%Y")
        slashed = f"replace(replace({token}, '.', '/'), '-', '/')"
        ways = (
            f"try_cast({token} AS DATE)",
            f"try_strptime(replace({token}, '.', '-'), '%Y-%m-%d')::DATE",
            f"CASE WHEN regexp_full_match({col}, '20[0-9]{{6}}([0-9]{{4}}|[0-9]{{6}})?(\\.0+)?')"
            f" THEN try_strptime(left({col}, 8), '%Y%m%d')::DATE END",
            f"CASE WHEN regexp_full_match({col}, '[0-9]{{5}}(\\.[0-9]+)?') THEN"
            f" DATE '1899-12-30' + floor({col}::DOUBLE)::INTEGER + {plan.days_later} END",
            f"try_strptime(regexp_extract({col}, '^[0-9]{{4}}年[0-9]{{1,2}}月[0-9]{{1,2}}日'),"
            " '%Y年%m月%d日')::DATE",
            f"try_strptime({slashed}, '{first}')::DATE",
            f"try_strptime({slashed}, '{second}')::DATE",
        )
        found = f"coalesce({', '.join(ways)})"
    return f"CASE WHEN {found} BETWEEN DATE '2000-01-01' AND DATE '2099-12-31' THEN {found} END"


def plain_text(col: str) -> str:
    """A text without the ornaments of spreadsheets."""
    ends = " OR ".join(f"suffix({col}, '{end}')" for end in (" ", ".0", "\t", "\n", "\r"))
    bare = (
        f"CASE WHEN suffix({col}, '.0') THEN left({col}, length({col}) - 2)"
        f" ELSE ltrim(trim({col}, ' \t\n\r'), '''') END"
    )
    # To take off what is not there costs more than to see that it is not: quotation marks and
    # blanks stand before all other characters.
    return (
        f"coalesce(CASE WHEN unicode({col}) > 39 AND NOT ({ends}) THEN {col} ELSE {bare} END, '')"
    )


Known = Mapping[str, Mapping[str, tuple[str, str]]] | None
ENUMS = {"province": "said_province", "charge": "said_charge", "courier": "said_courier"}
"""The enum of each column whose texts are looked up."""


CELL_END = 31
"""The character between the cells of `raw`, the unit separator, which no bill contains."""


class _Select:
    """Collects the columns of the stage, and what makes a row odd."""

    def __init__(self, plan: Plan, known: Known) -> None:
        strong = known is None
        self.known = known or {}
        self.plan = plan
        self.strong = strong
        self.odd: list[str] = []
        self.joins: list[str] = []
        self.kinds: dict[str, str] = {}

    def at(self, name: str) -> str | None:
        index = self.plan.columns.get(name)
        return None if index is None else column(index)

    def checked(self, col: str, expression: str) -> str:
        """An expression that must not be NULL where the cell says something."""
        self.odd.append(f"({expression} IS NULL AND {col} IS NOT NULL)")
        return expression

    def amount(self, name: str) -> str:
        col = self.at(name)
        return "NULL::BIGINT" if col is None else self.amount_at(col)

    def amount_at(self, col: str) -> str:
        plan = self.plan
        found = amount(col, plan.decimals, comma=plan.comma, strong=self.strong)
        return self.checked(col, found)

    def weight(self, name: str) -> str:
        col = self.at(name)
        if col is None:
            return "NULL::BIGINT"
        unit = self.plan.unit(name)
        found = weight(col, unit, comma=self.plan.comma, strong=self.strong)
        if (stated := self.plan.unit_columns.get(name)) is not None:
            text = f"replace(replace({col}, '.', ''), ',', '.')" if self.plan.comma else col
            cases = " ".join(
                f"WHEN {quoted(letter)} THEN {_grams(text, one)}"
                for letter, one in UNIT_LETTERS.items()
            )
            found = f"CASE upper(left({column(stated)}, 1)) {cases} ELSE {found} END"
        found = self.checked(col, found)
        return f"CASE WHEN {found} > 0 THEN {found} END"

    def length(self, name: str) -> str:
        col = self.at(name)
        if col is None:
            return "NULL::BIGINT"
        found = self.checked(col, length(col, self.plan.unit(name), comma=self.plan.comma))
        return f"CASE WHEN {found} > 0 THEN {found} END"

    def looked_up(self, name: str, table: str) -> tuple[str, str] | None:
        """(answer, city) from the dictionary of a column; the value must be in it.

        The quick reading casts to an enum: a join would lose the order of the rows.
        """
        col = self.at(name)
        if col is None:
            return None
        if self.strong:
            self.joins.append(f"LEFT JOIN {table} AS at_{name} ON at_{name}.said = {col}")
            self.odd.append(f"(at_{name}.said IS NULL AND {col} IS NOT NULL)")
            return f"at_{name}.answer", f"at_{name}.city"
        known = self.known.get(name, {})
        if not known:
            self.odd.append(f"({col} IS NOT NULL)")
            return "NULL::VARCHAR", "NULL::VARCHAR"
        at = f"enum_code(try_cast({col} AS {ENUMS[name]}))::INTEGER + 1"
        self.odd.append(f"({at} IS NULL AND {col} IS NOT NULL)")
        answers, cities = zip(*known.values(), strict=True)
        return self._listed(answers, at), self._listed(cities, at)

    def _listed(self, said: Sequence[str], at: str) -> str:
        """One of a list of words, which is stored as its number."""
        kind = enum(sorted({"", TOTAL, *said}))
        found = f"list_extract([{', '.join(map(quoted, said))}]::{kind}[], {at})"
        self.kinds[found] = kind
        return found

    def or_blank(self, word: str) -> str:
        """A word that was looked up, or a blank of the same type: a text would make all texts."""
        kind = self.kinds.get(word)
        return f"coalesce({word}, ''{f'::{kind}' if kind else ''})"

    def text(self, name: str) -> str:
        col = self.at(name)
        return "''" if col is None else plain_text(col)


def select(plan: Plan, source: str, width: int, known: Known = None) -> str:
    """A SELECT with the columns of the stage, one `extra_<n>` per surcharge column, and `raw`.

    `source` has the columns `c0` ... and `number`. With `known` it is the quick one: what
    provinces, charges and couriers are called comes from there (field -> text -> (answer, city), in
    the order of the enums `ENUMS`), and a last column `kept` says of each row whether it is one.
    Else it is the strong one: rows that are none are left out, and the dictionaries are the tables
    `said_places`, `said_codes` and `said_couriers` (`said`, `answer`, `city`).
    """
    s = _Select(plan, known)
    values = _values(s)
    extras = [
        f"{s.amount_at(column(index))} AS extra_{n}" for n, (index, _) in enumerate(plan.extras)
    ]
    parts = " OR ".join(s.odd) or "false"
    everything = ", ".join(column(index) for index in range(width))
    # One text and no list: a table with a list column is rewritten whole by every update.
    cells = ", ".join(f"coalesce({column(index)}, '')" for index in range(width))
    raw = f"CASE WHEN {parts} THEN array_to_string([{cells}], chr({CELL_END})) END AS raw"
    named = [f'{value} AS "{name}"' for name, value in values.items()]
    filled = f"coalesce({everything}) IS NOT NULL" if width > 1 else f"{everything} IS NOT NULL"
    kept = f"{filled}{_left_out(plan)}"
    if known is not None:
        return f"SELECT {', '.join([*named, *extras, raw])}, {kept} AS kept FROM {source}"
    joins = " ".join(s.joins)
    return f"SELECT {', '.join([*named, *extras, raw])} FROM {source} {joins} WHERE {kept}"


def same_in_all(plan: Plan) -> dict[str, str]:
    """What every row of a sheet has in those columns for which the sheet says nothing: name -> SQL.

    Not what is only settled when all rows are there.
    """
    found = {name: sql for name, sql in _values(_Select(plan, None)).items() if not _SAID(sql)}
    if not plan.courier:
        found.pop("courier", None)
    if plan.pairs:
        found.pop("discount_minor", None)
    return found


_SAID = re.compile(r"\bc\d+\b|\bat_\w+\.|^number$").search


def _left_out(plan: Plan) -> str:
    if plan.left_out is None:
        return ""
    index, values = plan.left_out
    return f" AND coalesce({column(index)} NOT IN ({', '.join(map(quoted, values))}), true)"


def _values(s: _Select) -> dict[str, str]:
    plan = s.plan
    number = s.at("waybill") or "NULL"
    if plan.waybill_else is not None:
        number = f"coalesce({number}, {column(plan.waybill_else)})"
    found = waybill(number, strong=s.strong)
    s.odd.append(f"({found}) IS NULL")
    child, parent = s.at("child"), s.at("parent") or s.at("return_of")
    above = f"coalesce({waybill(parent, strong=True)}, '')" if parent else "''"
    if child and child != number:
        below = waybill(child, strong=True)
        above = f"CASE WHEN {below} IS NOT NULL THEN {found} ELSE {above} END"
        found = f"coalesce({below}, {found})"
    amounts = {name: s.amount(name) for name in AMOUNTS}
    place, code, courier = (
        s.looked_up("province", "said_places"),
        s.looked_up("charge", "said_codes"),
        s.looked_up("courier", "said_couriers"),
    )
    paid, freight = _money(s, amounts)
    s.odd.append(f"({paid}) IS NULL")
    city = s.text("city")
    if place:
        found_city = s.or_blank(place[1])
        told = "city" in plan.columns
        city = f"CASE WHEN {city} = '' THEN {found_city} ELSE {city} END" if told else found_city
    when = s.at("billed_on")
    billed_on = s.checked(when, day(when, plan, strong=s.strong)) if when else "NULL::DATE"
    sides = [s.length(name) for name in ("length", "width", "height")]
    if "length" not in plan.columns and (whole := s.at("dimensions")):
        sides = [_side(whole, n, plan.unit("dimensions")) for n in (1, 2, 3)]
    pieces = s.at("pieces")
    return {
        "row": "number",
        "waybill": found,
        "parent": above,
        "courier": s.or_blank(courier[0]) if courier else quoted(plan.courier),
        "charge": _charge(plan, code[0] if code else None, s.at("payment")),
        "amount_minor": paid,
        "freight_minor": freight,
        "tax_minor": amounts["tax"],
        "discount_minor": f"abs({amounts['discount']})",
        "currency": _currency(s),
        "billed_on": billed_on,
        "order_id": s.text("order_id"),
        "service": s.text("service"),
        "weight_g": s.weight("weight"),
        "actual_g": s.weight("actual"),
        "length_mm": sides[0],
        "width_mm": sides[1],
        "height_mm": sides[2],
        "province": s.or_blank(place[0]) if place else "''",
        "city": city,
        "pieces": f"try_cast({pieces} AS DOUBLE)::INTEGER" if pieces else "NULL::INTEGER",
        "is_return": _is_return(s, code[0] if code else None),
        "remark": s.text("remark"),
        "prepaid_minor": amounts["prepaid"],
    }


def _side(col: str, which: int, unit: str) -> str:
    """One side of `45*35*20`, NULL where the cell says something else (a volume)."""
    number = "([0-9]+(?:\\.[0-9]+)?) *(?:cm|CM)?"
    form = f"^ *{number} *[*xX×] *{number} *[*xX×] *{number}"
    found = length(f"nullif(regexp_extract({col}, '{form}', {which}), '')", unit, comma=False)
    return f"CASE WHEN {found} > 0 THEN {found} END"


def _money(s: _Select, amounts: dict[str, str]) -> tuple[str, str]:
    """(what the row costs, its freight) from the columns that there are."""
    plan = s.plan
    freight = amounts["freight"]
    if "freight" not in plan.columns and "first_weight_price" in plan.columns:
        first, step = amounts["first_weight_price"], amounts["step_weight_price"]
        freight = f"({first} + coalesce({step}, 0))"
    if "amount" in plan.columns:
        return amounts["amount"], freight
    extras = [
        amount(column(index), plan.decimals, comma=plan.comma, strong=s.strong)
        for index, _ in plan.extras
    ]
    total = " + ".join([f"coalesce({one}, 0)" for one in (freight, *extras)])
    filled = ", ".join([freight, *extras])
    paid = f"CASE WHEN coalesce({filled}) IS NOT NULL THEN {total} END"
    return paid, freight if plan.has_parts else "NULL::BIGINT"


def _charge(plan: Plan, code: str | None, payment: str | None) -> str:
    said = f"coalesce({code}, {quoted(TOTAL)})" if code else quoted(plan.charge)
    if plan.classes is not None:
        index, charges = plan.classes
        cases = " ".join(f"WHEN {quoted(v)} THEN {quoted(c)}" for v, c in charges.items())
        said = f"CASE {column(index)} {cases} ELSE {said} END"
    if payment:
        said = (
            f"CASE WHEN regexp_matches({payment}, '{COLLECT_WORDS}') THEN 'collect' ELSE {said} END"
        )
    return said


def _currency(s: _Select) -> str:
    col = s.at("currency")
    ours = quoted(s.plan.currency)
    if col is None:
        return ours
    stated = f"upper(trim({col}))"
    return (
        f"CASE WHEN {stated} IN ('RMB', '人民币', '元', 'CNY', '￥', '¥') THEN 'CNY'"
        f" WHEN regexp_full_match({stated}, '[A-Z]{{3}}') THEN {stated} ELSE {ours} END"
    )


UNIT_LETTERS = {"L": "lb", "K": "kg", "O": "oz"}
COLLECT_WORDS = "^(到付|收方付|收件方付|收件人付)"
"""The one who receives the parcel pays for carrying it."""
RETURN_WORDS = "退回|退件|退转|逆向|返程|拒收返回"


def _is_return(s: _Select, code: str | None) -> str:
    tests = [f"coalesce({code} = 'return', false)"] if code else []
    for name in ("remark", "customer", "service"):
        if col := s.at(name):
            tests.append(
                f"coalesce(CASE WHEN contains({col}, '退') OR contains({col}, '逆')"
                f" THEN regexp_matches({col}, '{RETURN_WORDS}') ELSE false END, false)"
            )
    if s.plan.returns:
        index, said = s.plan.returns
        tests.append(f"coalesce({column(index)} IN ({', '.join(map(quoted, said))}), false)")
    if col := s.at("return_of"):
        tests.append(f"({col} IS NOT NULL)")
    return f"({' OR '.join(tests)})" if tests else "false"
