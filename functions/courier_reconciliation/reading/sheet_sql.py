"""The SQL that turns the columns of a sheet into the columns of lines.

A row in which the quick reading of `cells_sql.py` cannot read a cell keeps all its cells in
`raw`; those rows are read again with the strong one, and what is left then goes through `rows.py`
one by one.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from courier_reconciliation.filling import enum, quoted
from courier_reconciliation.model import TOTAL
from courier_reconciliation.reading.cells_sql import (
    amount,
    column,
    day,
    grams,
    length,
    plain_text,
    side,
    waybill,
    weight,
)
from courier_reconciliation.reading.plain_columns import NO_KINDS, Kinds
from courier_reconciliation.reading.plan import AMOUNTS, Plan

Known = Mapping[str, Mapping[str, tuple[str, str]]] | None
ENUMS = {
    "province": "said_province",
    "charge": "said_charge",
    "courier": "said_courier",
    "currency": "said_currency",
}
"""The enum of each column whose texts are looked up."""


CELL_END = 31
"""The character between the cells of `raw`, the unit separator, which no bill contains."""


class _Select:
    """Collects the columns of the stage, and what makes a row odd."""

    def __init__(self, plan: Plan, known: Known, kinds: Kinds = NO_KINDS) -> None:
        strong = known is None
        self.known = known or {}
        self.plan = plan
        self.strong = strong
        # What has been read as a number or a day is one.
        self.certain = {column(index) for index in kinds}
        self.odd: list[str] = []
        self.joins: list[str] = []
        self.kinds: dict[str, str] = {}

    def at(self, name: str) -> str | None:
        index = self.plan.columns.get(name)
        return None if index is None else column(index)

    def checked(self, col: str, expression: str) -> str:
        """An expression that must not be NULL where the cell says something."""
        if col not in self.certain:
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
                f"WHEN {quoted(letter)} THEN {grams(text, one)}"
                for letter, one in UNIT_LETTERS.items()
            )
            found = f"CASE upper(left({column(stated)}, 1)) {cases} ELSE {found} END"
        found = self.checked(col, found)
        return f"CASE WHEN {found} > 0 THEN {found} END"

    def day(self, col: str) -> str:
        is_day = col in self.certain
        found = day(col, self.plan, strong=self.strong, is_day=is_day)
        # A day may be of a year that no bill is of.
        self.odd.append(f"({found} IS NULL AND {col} IS NOT NULL)")
        return found

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
        kind = enum(sorted({"", TOTAL, self.plan.unsaid_currency, *said}))
        found = f"list_extract([{', '.join(map(quoted, said))}]::{kind}[], {at})"
        self.kinds[found] = kind
        return found

    def or_else(self, word: str, other: str = "") -> str:
        """A word that was looked up, or another of the same type: a text would make all texts."""
        kind = self.kinds.get(word)
        return f"coalesce({word}, {quoted(other)}{f'::{kind}' if kind else ''})"

    def text(self, name: str) -> str:
        col = self.at(name)
        return "''" if col is None else plain_text(col)


def select(
    plan: Plan, source: str, width: int, known: Known = None, kinds: Kinds = NO_KINDS
) -> str:
    """A SELECT with the columns of the stage, one `extra_<n>` per surcharge column, and `raw`.

    `source` has the columns `c0` ... and `number`. With `known` it is the quick one: what
    provinces, charges and couriers are called comes from there (field -> text -> (answer, city), in
    the order of the enums `ENUMS`), `kinds` are columns that are no texts, and a last column `kept`
    says of each row whether it is one. Else it is the strong one: rows that are none are left out,
    and the dictionaries are the tables `said_places`, `said_codes`, `said_couriers` and
    `said_currencies` (`said`, `answer`, `city`).
    """
    s = _Select(plan, known, kinds)
    values = _values(s)
    extras = [
        f"{s.amount_at(column(index))} AS extra_{n}" for n, (index, _) in enumerate(plan.extras)
    ]
    parts = " OR ".join(s.odd) or "false"
    columns = [column(index) for index in range(width)]
    # One text and no list: a table with a list column is rewritten whole by every update.
    cells = ", ".join(f"coalesce({col}::VARCHAR, '')" for col in columns)
    raw = f"CASE WHEN {parts} THEN array_to_string([{cells}], chr({CELL_END})) END AS raw"
    named = [f'{value} AS "{name}"' for name, value in values.items()]
    filled = " OR ".join(f"{col} IS NOT NULL" for col in columns)
    kept = f"({filled}){_left_out(plan)}"
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
        found_city = s.or_else(place[1])
        told = "city" in plan.columns
        city = f"CASE WHEN {city} = '' THEN {found_city} ELSE {city} END" if told else found_city
    when = s.at("billed_on")
    billed_on = s.day(when) if when else "NULL::DATE"
    sides = [s.length(name) for name in ("length", "width", "height")]
    if "length" not in plan.columns and (whole := s.at("dimensions")):
        sides = [side(whole, n, plan.unit("dimensions")) for n in (1, 2, 3)]
    pieces = s.at("pieces")
    return {
        "row": "number",
        "waybill": found,
        "parent": above,
        "courier": s.or_else(courier[0]) if courier else quoted(plan.courier),
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
        "province": s.or_else(place[0]) if place else "''",
        "city": city,
        "pieces": f"try_cast({pieces} AS DOUBLE)::INTEGER" if pieces else "NULL::INTEGER",
        "is_return": _is_return(s, code[0] if code else None),
        "remark": s.text("remark"),
        "prepaid_minor": amounts["prepaid"],
    }


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
    found = s.looked_up("currency", "said_currencies")
    if found is None:
        return quoted(s.plan.currency)
    # In the strong reading a word that nobody knows is in the table, and its answer is "".
    said = f"nullif({found[0]}, '')" if s.strong else found[0]
    return s.or_else(said, s.plan.unsaid_currency)


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
