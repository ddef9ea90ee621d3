"""Reading a rate card from a file: CSV in any usual encoding, XLSX, or YAML."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from aftersales.errors import BadInput
from aftersales.platforms.spreadsheet import Row, open_sheets
from courier_reconciliation.rates.card import RateCard
from courier_reconciliation.rates.columns import (
    COLUMNS,
    OPTIONAL,
    PROBLEMS_SHOWN,
    Problem,
    Value,
    column_name,
    header_problems,
    is_blank,
    read_rows,
)

SIZE_LIMIT_BYTES = 20 * 1024 * 1024
_HEADER_ROWS = 10
_NAMES = frozenset((*COLUMNS, *OPTIONAL))


def load_card(path: Path | str, *, origin: str = "") -> RateCard:
    """The card of a file. Raises `BadInput` that lists what is wrong, with rows and columns."""
    card, problems = read_card(path, origin=origin)
    errors = [problem for problem in problems if problem.is_error]
    if errors:
        shown = "; ".join(map(str, errors[:PROBLEMS_SHOWN]))
        more = f"; and {len(errors) - PROBLEMS_SHOWN} more" if len(errors) > PROBLEMS_SHOWN else ""
        raise BadInput(shown + more, place=Path(path).name)
    return card


def read_card(path: Path | str, *, origin: str = "") -> tuple[RateCard, list[Problem]]:
    """The card of a file and all that is wrong with it. Raises `BadInput` where it is no card."""
    file = Path(path)
    try:
        if file.stat().st_size > SIZE_LIMIT_BYTES:
            limit = SIZE_LIMIT_BYTES // 1024**2
            raise BadInput(f"larger than {limit} MB, which no rate card is", place=file.name)
        content = file.read_bytes()
    except OSError as exc:
        raise BadInput(f"cannot be read: {exc.strerror}", place=file.name) from exc
    return parse_card(content, file.name, origin=origin)


def parse_card(content: bytes, name: str, *, origin: str = "") -> tuple[RateCard, list[Problem]]:
    """The card of a file's content. `name` tells YAML from the others, and is the card's source."""
    if name.casefold().endswith((".yaml", ".yml")):
        from courier_reconciliation.rates.yaml_form import lines_of_yaml

        lines, problems = lines_of_yaml(content, name)
        card, more = read_rows(lines, source=name, origin=origin)
        return card, problems + more
    seen = ""
    try:
        for sheet in open_sheets(content, _rate):
            for row in sheet.rows:
                header = [column_name(cell) for cell in row.cells]
                if "courier" in header:
                    return _of_table(header, sheet.rows, name, origin)
                seen = seen or ", ".join(cell for cell in header if cell)
                if row.number >= _HEADER_ROWS:
                    break
    except BadInput as exc:
        raise BadInput(exc.reason, place=name) from exc
    raise BadInput(
        f"no header line with the column courier; the first line has: {seen[:200]}", place=name
    )


def _of_table(
    header: Sequence[str], rows: Iterator[Row], name: str, origin: str
) -> tuple[RateCard, list[Problem]]:
    problems = header_problems(header)
    if any(problem.is_error for problem in problems):
        return RateCard((), (), name), problems
    lines, broken = [], []
    for row in rows:
        if row.broken:
            broken.append(Problem(row.broken, row.number))
        elif not is_blank(row.cells):
            cells: Mapping[str, Value] = dict(zip(header, row.cells, strict=False))
            lines.append((row.number, cells))
    card, more = read_rows(lines, source=name, origin=origin)
    return card, problems + broken + more


def _rate(cells: Sequence[object]) -> int:
    """How much a line looks like the header of a card, which tells the delimiter."""
    return sum(column_name(str(cell)) in _NAMES for cell in cells)
