"""Charts as SVG, drawn by hand: columns by day, and bars cut into parts. Pure.

Texts are in whatever script; their width is estimated, a Chinese character being as wide as high.
Each figure is written on the chart itself, so that it can be read in black and white and aloud.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from html import escape

WIDTH = 760
_MARGIN = 32
_FONT = (
    "'PingFang SC','PingFang TC','Microsoft YaHei','Microsoft JhengHei','Noto Sans CJK SC',"
    "system-ui,sans-serif"
)
_INK, _SOFT, _LINE, _BAR, _PAPER = "#1f2937", "#6b7280", "#e5e7eb", "#c2410c", "#ffffff"
COLOURS = ("#1d4ed8", "#c2410c", "#0f766e", "#a16207", "#7e22ce", "#be123c", "#4d7c0f", "#475569")
"""Of the parts of bars, in the order of the legend; the last one is for all the rest."""


class Canvas:
    """Shapes and texts, from the top down."""

    def __init__(self, title: str, subtitle: str) -> None:
        self._title, self._parts = title, [""]
        self.text(_MARGIN, 44, title, size=20, weight=600)
        if subtitle:
            self.text(_MARGIN, 70, subtitle, size=13, fill=_SOFT)

    def text(
        self,
        x: float,
        y: float,
        words: str,
        *,
        size: int = 13,
        fill: str = _INK,
        anchor: str = "start",
        weight: int = 400,
        halo: str = "none",
    ) -> None:
        """One line of text; `y` is its base line. A `halo` keeps it readable on a line."""
        self._parts.append(
            f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" fill="{fill}" '
            f'text-anchor="{anchor}" font-weight="{weight}" paint-order="stroke" stroke="{halo}" '
            f'stroke-width="{3 if halo != "none" else 0}">{escape(_clean(words))}</text>'
        )

    def box(  # noqa: PLR0917 - x, y, width, height, as everywhere
        self, x: float, y: float, width: float, height: float, fill: str, says: str = ""
    ) -> None:
        """A rectangle; `says` is shown when one points at it."""
        note = f"<title>{escape(_clean(says))}</title>" if says else ""
        self._parts.append(
            f'<rect x="{x:.1f}" y="{y:.1f}" width="{max(width, 0):.1f}" '
            f'height="{max(height, 0):.1f}" rx="2" fill="{fill}">{note}</rect>'
        )

    def line(self, x1: float, x2: float, y: float, *, dashed: bool = False) -> None:
        """A thin horizontal line."""
        dash = f' stroke-dasharray="5 4" stroke="{_SOFT}"' if dashed else f' stroke="{_LINE}"'
        self._parts.append(f'<path d="M{x1:.1f} {y:.1f}H{x2:.1f}"{dash}/>')

    def svg(self, height: float) -> str:
        """The whole picture."""
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height:.0f}" '
            f'width="{WIDTH}" height="{height:.0f}" font-family="{_FONT}" role="img" '
            f'aria-label="{escape(_clean(self._title))}">'
            f'<rect width="100%" height="100%" fill="{_PAPER}"/>'
            + "\n".join(self._parts)
            + "</svg>\n"
        )


def columns(
    title: str,
    subtitle: str,
    bars: Sequence[tuple[str, float | None, str]],
    *,
    mark: tuple[float, str] | None = None,
) -> str:
    """Columns of shares (0 to 1): label, share (None: nothing to show), and a note below it.

    `mark` is a dashed line at a share, with its words.
    """
    canvas = Canvas(title, subtitle)
    top, bottom = 108.0, 308.0
    known = [share for _, share, _ in bars if share is not None]
    highest = max([*known, mark[0] if mark else 0, 0.01])
    scale = (bottom - top) / highest
    step = (WIDTH - 2 * _MARGIN) / max(len(bars), 1)
    canvas.line(_MARGIN, WIDTH - _MARGIN, bottom)
    if mark is not None:
        y = bottom - mark[0] * scale
        canvas.line(_MARGIN, WIDTH - _MARGIN, y, dashed=True)
        # Its words stand above the columns: beside the line, one of them would cover the words.
        canvas.text(WIDTH - _MARGIN, 70, mark[1], size=12, fill=_SOFT, anchor="end")
        start = WIDTH - _MARGIN - _width(mark[1], 12) - 8
        canvas.line(max(start - 28, _MARGIN), max(start, _MARGIN), 66, dashed=True)
    for number, (label, share, note) in enumerate(bars):
        middle = _MARGIN + step * (number + 0.5)
        if share is not None:
            height = max(share * scale, 1.0)
            wide = min(step * 0.55, 64)
            said = f"{share:.1%}"
            canvas.box(middle - wide / 2, bottom - height, wide, height, _BAR, f"{label}: {said}")
            canvas.text(middle, bottom - height - 8, said, anchor="middle", weight=600, halo=_PAPER)
        canvas.text(middle, bottom + 22, label, anchor="middle")
        canvas.text(middle, bottom + 42, note, size=12, fill=_SOFT, anchor="middle")
    return canvas.svg(bottom + 66)


def stacked(
    title: str,
    subtitle: str,
    bars: Sequence[tuple[str, Mapping[str, int]]],
    *,
    rest: str,
    empty: str,
) -> str:
    """Lying bars, each cut into parts by name; the names that are most frequent get a colour.

    `rest` names all others together, `empty` stands where there is no bar.
    """
    canvas = Canvas(title, subtitle)
    if not bars:
        canvas.text(_MARGIN, 116, empty, fill=_SOFT)
        return canvas.svg(150)
    names = _most_frequent(bars, rest)
    colour = {name: COLOURS[n] for n, name in enumerate(names)} | {rest: COLOURS[-1]}
    y = _legend(canvas, [*names, *([rest] if _has_rest(bars, names) else [])], colour)
    left, right = 240.0, WIDTH - _MARGIN - 36
    scale = (right - left) / max(sum(parts.values()) for _, parts in bars)
    for label, parts in bars:
        canvas.text(left - 12, y + 18, _cut(label, left - 12 - _MARGIN, 13), anchor="end")
        x = left
        for name, number in _gathered(parts, names, rest):
            wide = number * scale
            canvas.box(x, y, wide - 1, 26, colour[name], f"{label}: {name} {number}")
            if wide > 22:
                canvas.text(
                    x + wide / 2, y + 18, str(number), size=12, fill=_PAPER, anchor="middle"
                )
            x += wide
        canvas.text(x + 8, y + 18, str(sum(parts.values())), weight=600)
        y += 40
    return canvas.svg(y + 12)


def _legend(canvas: Canvas, names: Sequence[str], colour: Mapping[str, str]) -> float:
    x, y = float(_MARGIN), 100.0
    for name in names:
        wide = 20 + _width(name, 13) + 22
        if x + wide > WIDTH - _MARGIN and x > _MARGIN:
            x, y = float(_MARGIN), y + 24
        canvas.box(x, y - 11, 13, 13, colour[name])
        canvas.text(x + 20, y, name)
        x += wide
    return y + 24


def _most_frequent(bars: Sequence[tuple[str, Mapping[str, int]]], rest: str) -> list[str]:
    total: dict[str, int] = {}
    for _, parts in bars:
        for name, number in parts.items():
            total[name] = total.get(name, 0) + number
    ordered = sorted((name for name in total if name != rest), key=lambda n: (-total[n], n))
    return ordered[: len(COLOURS) - 1]


def _has_rest(bars: Sequence[tuple[str, Mapping[str, int]]], names: Sequence[str]) -> bool:
    return any(name not in names for _, parts in bars for name in parts)


def _gathered(parts: Mapping[str, int], names: Sequence[str], rest: str) -> list[tuple[str, int]]:
    found = [(name, parts[name]) for name in names if parts.get(name)]
    others = sum(number for name, number in parts.items() if name not in names)
    return found + ([(rest, others)] if others else [])


def _width(text: str, size: int) -> float:
    return sum(size if unicodedata.east_asian_width(c) in "WF" else size * 0.56 for c in text)


def _cut(text: str, room: float, size: int) -> str:
    text = " ".join(_clean(text).split())
    if _width(text, size) <= room:
        return text
    while text and _width(text + "…", size) > room:
        text = text[:-1]
    return text.rstrip() + "…"


def _clean(text: str) -> str:
    """Without what XML cannot hold."""
    return "".join(c for c in text if unicodedata.category(c) not in {"Cc", "Cs", "Cn"})
