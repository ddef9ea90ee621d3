"""Review files as people have them: CSV in any encoding, gzipped or not, XLSX and XLS."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from aftersales.errors import BadInput

UNZIPPED_LIMIT_BYTES = 400 * 1024 * 1024
NAMES = {
    "text": (
        "text|review|review_text|content|comment|body|评价内容|评论内容|评价|评论|内容|初评|评价正文"
        "|評價內容|評論內容|評價|評論|內容"
    ),
    "rating": (
        "rating|score|stars|star|星级|评分|评级|评价等级|评价结果|评价类型|好中差评|星級|評分|評價等級"
    ),
    "label": "label|sentiment|标签|情感",
    "source": "source|来源",
}
"""Column names of each meaning, the first that is there counts; `text` itself before all."""
GOOD, MIDDLING, BAD = 5.0, 3.0, 1.0
_RATINGS = {
    **dict.fromkeys(("好评", "好評", "好", "good", "positive", "满意", "非常满意", "很满意"), GOOD),
    **dict.fromkeys(("中评", "中評", "中", "neutral", "average", "一般", "ok"), MIDDLING),
    **dict.fromkeys(
        ("差评", "差評", "差", "bad", "negative", "poor", "不满意", "很不满意", "非常不满意"), BAD
    ),
    **{word: float(n) for n, word in enumerate(("one", "two", "three", "four", "five"), 1)},
    **{word: float(n) for n, word in enumerate("一二三四五", 1)},
}


class ReviewRow(NamedTuple):
    """One row: its number in the file, cells by column name, and why it is unusable if it is."""

    number: int
    cells: dict[str, str]
    problem: str = ""


class ReviewTable(NamedTuple):
    """A file's rows, and which column has which meaning ("" where none has)."""

    columns: dict[str, str]
    rows: list[ReviewRow]
    note: str = ""


def read_table(content: bytes, name: str) -> ReviewTable:
    """The rows of a file, in their order; empty lines are none.

    Raises `BadInput` where the file cannot be read or has no column with the text.
    """
    from aftersales.platforms.spreadsheet import open_sheets

    try:
        content = _unzipped(content)
        for sheet in open_sheets(content, _likeness):
            rows = iter(sheet.rows)
            header = next((row for row in rows if any(_text(cell) for cell in row.cells)), None)
            if header is None:
                continue
            names = _unique([_text(cell) for cell in header.cells])
            columns = {meaning: _column(names, meaning) for meaning in NAMES}
            if columns["text"]:
                return ReviewTable(columns, list(_rows(rows, names)), sheet.note)
    except BadInput as exc:
        raise BadInput(exc.reason, place=name) from exc
    raise BadInput("has no column named text in its first line", place=name)


def rating_of(cell: str) -> float | None:
    """A rating of one to five by number, stars or word; None where it says none."""
    word = cell.strip().lower().removesuffix("星").removesuffix("分")
    word = word.removesuffix("级").removesuffix("stars").removesuffix("star").strip()
    if word in _RATINGS:
        return _RATINGS[word]
    if word and not word.strip("★⭐☆️"):
        return float(min(5, word.count("★") + word.count("⭐"))) or None
    number, _, of = word.partition("/")
    try:
        value = float(number)
        if of:
            value *= 5 / float(of)
    except (ValueError, ZeroDivisionError):
        return None
    return value if 1 <= value <= 5 else None


def _unzipped(content: bytes) -> bytes:
    if not content.startswith(b"\x1f\x8b"):
        return content
    import io

    try:
        with gzip.open(io.BytesIO(content)) as stream:
            whole = stream.read(UNZIPPED_LIMIT_BYTES + 1)
    except (OSError, EOFError, zlib.error) as exc:
        raise BadInput("the gzip file is damaged") from exc
    if len(whole) > UNZIPPED_LIMIT_BYTES:
        raise BadInput("the file unpacks to more than 400 MB; split it")
    return whole


def _rows(rows: Iterator[Any], names: Sequence[str]) -> Iterator[ReviewRow]:
    for row in rows:
        cells = [_text(cell) for cell in row.cells]
        if not row.cells or (not any(cells) and len(cells) < len(names)):
            continue
        problem = row.broken
        if not problem and len(cells) > len(names) and any(cells[len(names) :]):
            problem = f"has {len(cells)} cells, the first line names {len(names)}"
        if not problem and len(cells) < len(names):
            problem = f"has {len(cells)} cells, the first line names {len(names)}"
        yield ReviewRow(row.number, dict(zip(names, cells, strict=False)), problem)


def _text(cell: Any) -> str:
    if isinstance(cell, float) and cell.is_integer():
        cell = int(cell)
    return "" if cell is None else str(cell)


def _unique(names: Sequence[str]) -> list[str]:
    found: list[str] = []
    for at, name in enumerate(names, 1):
        plain = name.strip()
        found.append(plain if plain and plain not in found else f"{plain}column {at}")
    return found


def _column(names: Sequence[str], meaning: str) -> str:
    by_word = {name.strip().lower(): name for name in reversed(names)}
    return next((by_word[word] for word in NAMES[meaning].split("|") if word in by_word), "")


def _likeness(cells: Sequence[Any]) -> int:
    words = {_text(cell).strip().lower() for cell in cells}
    return sum(not words.isdisjoint(names.split("|")) for names in NAMES.values())
