"""Training files: any CSV or workbook with the columns text and label."""

from __future__ import annotations

from collections.abc import Sequence

from aftersales.errors import BadInput
from local.review_files import read_table
from local.review_training.rows import Labelled


def read_labelled(files: Sequence[tuple[str, bytes]]) -> tuple[list[Labelled], list[str]]:
    """(rows of all files, what is wrong with those left out). Raises `BadInput` without labels."""
    rows: list[Labelled] = []
    problems: list[str] = []
    for name, content in files:
        table = read_table(content, name)
        text, label, source = (table.columns[each] for each in ("text", "label", "source"))
        if not label:
            raise BadInput("has no column named label in its first line", place=name)
        for row in table.rows:
            if row.problem:
                problems.append(f"{name}, row {row.number}: {row.problem}")
            else:
                cells = row.cells
                rows.append(Labelled(cells[text], cells[label], cells.get(source, "")))
    return rows, problems
