"""Which columns of a sheet have plain amounts, weights and days in all rows that were looked at.

They are read as what they are, which takes less time than to read texts and to make numbers of
them. Where one row has something else, the reading fails, and everything is read as text.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from courier_reconciliation.reading.cells_sql import DAY_TYPE, NULLS, WEIGHT_TYPES, money_type
from courier_reconciliation.reading.plan import AMOUNTS, Plan

Kinds = Mapping[int, str]
"""Column -> type; columns that are not in it are texts."""
NO_KINDS: Kinds = {}
_NUMBER = re.compile(r"[+-]?\d{1,9}(?:\.\d*)?").fullmatch
_DAY = re.compile(r"20\d\d-\d\d-\d\d").fullmatch


def kinds_of(plan: Plan, rows: Iterable[Sequence[str]]) -> Kinds:
    """The types of those columns that need not be read as text."""
    kinds = _numbers(plan) if not plan.comma else {}
    if (day := plan.columns.get("billed_on")) is not None:
        kinds[day] = DAY_TYPE
    for index in _of_several_uses(plan):
        kinds.pop(index, None)
    plain = {index: _DAY if kind == DAY_TYPE else _NUMBER for index, kind in kinds.items()}
    for row in rows:
        for index, is_plain in [*plain.items()]:
            if index < len(row) and row[index] not in NULLS and not is_plain(row[index]):
                del plain[index]
        if not plain:
            break
    return {index: kinds[index] for index in plain}


def _numbers(plan: Plan) -> dict[int, str]:
    money = money_type(plan.decimals)
    found = {index: money for name, index in plan.columns.items() if name in AMOUNTS}
    found |= {index: money for index, _ in plan.extras}
    for name in ("weight", "actual"):
        kind = WEIGHT_TYPES.get(plan.unit(name))
        if name in plan.columns and name not in plan.unit_columns and kind:
            found[plan.columns[name]] = kind
    return found


def _of_several_uses(plan: Plan) -> set[int]:
    """Columns that are also read as something else."""
    uses = Counter(plan.columns.values())
    uses.update(index for index, _ in plan.extras)
    uses.update(plan.unit_columns.values())
    pairs: Sequence[tuple[int, ...]] = (*plan.pairs, plan.invoice or ())
    uses.update(index for pair in pairs for index in pair)
    for looked_at in (plan.classes, plan.left_out, plan.returns, plan.invoice_rows):
        if looked_at is not None:
            uses[looked_at[0]] += 1
    if plan.waybill_else is not None:
        uses[plan.waybill_else] += 1
    return {index for index, count in uses.items() if count > 1}
