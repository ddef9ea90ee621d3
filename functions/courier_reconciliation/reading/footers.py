"""Rows that are no parcels: totals, counts, sections that do not count, repeated headers.

Facts: courier bills reference, sections 1.1 (footers of each courier) and 1.3.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from functools import lru_cache

from msgspec import Struct

from aftersales.errors import BadInput
from courier_reconciliation.reading import cells as reading
from courier_reconciliation.reading.headers import folded
from courier_reconciliation.reading.plan import Plan

_NUMBER = r"[-+]?[¥$€£]?[\d,]*\.?\d+"
_BEHIND = rf"(?:[:=]|为)?(?P<rest>.*?{_NUMBER}.*)?"
_SUM = (
    r"(?:(?:本月|本期|账单|应收|应付|费用|金额|运费|全部|总|月)*(?:合计|总计|共计|总额|总金额|总费用|总运费"
    r"|总应收|总应付)(?:金额|费用|应收|应付|运费)*(?:\((?:元|rmb|cny|¥)\))?|账单金额|应收总额"
    rf"|(?:grand|invoice|overall)?totals?(?:amount|due|charges?|netcharges?)?){_BEHIND}"
)
_SUBTOTAL = rf".{{0,12}}(?:小计|本页合计|分部合计|网点合计)|sub-?totals?{_BEHIND}"
_COUNT = rf"(?:总|合计|本月)?(?:件量|件数|票数|票量|单量|单数|运单数量?|包裹数){_BEHIND}"
_ELSE = (
    r"(?:剩余应收|预收面单费|预付面单费|预付|预存|已付|已收|五省超出加收|.{0,8}加收|优惠|返利|返还|折扣|上期|上月"
    rf"|余额|抵扣|扣减|实付|待付|应付金额|应收金额|税额|税费|balance|prepaid|discount|paid|due){_BEHIND}"
)
_SECTION_END = r"月结权益优惠|行标签|rowlabels|求和项:|计数项:|数据透视表"
_COUNT_IN = r"(\d+)(?:件|票|单|parcels|shipments)"
_AMOUNT_IN = rf"({_NUMBER})(?!\d|件|票|单)(?:元|rmb|cny)?"


class Footer(Struct, frozen=True):
    """What a row without a parcel says. `kind`: sum, subtotal, count, else, end, header, note."""

    kind: str
    label: str = ""
    amount_minor: int | None = None
    count: int | None = None


@lru_cache(maxsize=4096)
def kind_of(text: str) -> str:
    """What a label cell announces: sum, subtotal, count, else, end, or ""."""
    plain = _compact(text)
    if not plain or len(plain) > 80:
        return ""
    if re.match(_SECTION_END, plain):
        return "end"
    for kind, pattern in (
        ("subtotal", _SUBTOTAL), ("sum", _SUM), ("count", _COUNT), ("else", _ELSE),
    ):  # fmt: skip
        if re.fullmatch(pattern, plain):
            return kind
    return ""


def look_at(cells: Sequence[str | None], plan: Plan, *, above: bool = False) -> Footer | None:
    """The footer that a row is, or None where nothing says that it is one.

    `above`: the row stands over the header; only a label with its number counts there.
    """
    for index, cell in enumerate(cells):
        if not cell or (kind := kind_of(cell)) == "":
            continue
        if kind == "end":
            return Footer("end", cell.strip())
        amount, count = _amounts(cells, index, plan, kind, above=above)
        if amount is None and count is None:
            if above:
                continue
            return Footer("note", cell.strip())
        return Footer(kind, _label(cell), amount, count)
    if not above and _is_header(cells, plan):
        return Footer("header")
    return None


def _is_header(cells: Sequence[str | None], plan: Plan) -> bool:
    at = plan.columns.get("waybill")
    if at is None or at >= len(cells) or at >= len(plan.names):
        return False
    return bool(plan.names[at]) and folded(cells[at] or "") == folded(plan.names[at])


def _amounts(
    cells: Sequence[str | None], at: int, plan: Plan, kind: str, *, above: bool
) -> tuple[int | None, int | None]:
    label = _compact(cells[at] or "")
    count = int(found[1]) if (found := re.search(_COUNT_IN, label)) else None
    if kind == "count":
        if count is None and (found := re.search(r"\d+", label)):
            count = int(found[0])
        if count is None:
            count = next((n for cell in cells[at + 1 :] if (n := _whole(cell)) is not None), None)
        return None, count
    if found := re.search(_AMOUNT_IN, label):
        return _money(found[1], plan), count
    if above:
        following = cells[at + 1] if at + 1 < len(cells) else None
        return _money(following, plan), None
    if count is None and (column := plan.columns.get("waybill")) is not None and column != at:
        count = _whole(cells[column]) if column < len(cells) else None
    return _in_amount_column(cells, at, plan), count


def _in_amount_column(cells: Sequence[str | None], at: int, plan: Plan) -> int | None:
    column = plan.columns.get("amount")
    if column is None and not plan.extras:
        column = plan.columns.get("freight")
    if column is not None and column < len(cells):
        if (money := _money(cells[column], plan)) is not None:
            return money
    elif column is None:
        wanted = [plan.columns.get("freight"), *(index for index, _ in plan.extras)]
        found = [_money(cells[i], plan) for i in wanted if i is not None and i < len(cells)]
        if any(one is not None for one in found):
            return sum(one or 0 for one in found)
    return next((n for cell in cells[at + 1 :] if (n := _money(cell, plan)) is not None), None)


def _money(cell: str | None, plan: Plan) -> int | None:
    try:
        return reading.amount(cell, plan.decimals, comma=plan.comma)
    except BadInput:
        return None


def _whole(cell: str | None) -> int | None:
    plain = re.sub(r"(?:\.0+|件|票|单)$", "", reading.text(cell))
    return int(plain) if re.fullmatch(r"\d{1,7}", plain) else None


def _compact(text: str) -> str:
    plain = unicodedata.normalize("NFKC", text).casefold()
    return re.sub(r"[\s\u200b\ufeff]+", "", plain)


def _label(text: str) -> str:
    return re.split(r"[:：=]", text.strip(), maxsplit=1)[0].strip()[:40]
