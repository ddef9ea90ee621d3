"""The YAML form of a rate card: the same columns, written once for many rows.

What is said at the top holds for every contract, what a contract says for its prices and
surcharges, what a price says for its bands; the innermost wins. See docs/rate-cards.md.
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Iterator, Mapping

from aftersales.errors import BadInput
from aftersales.settings.document import Node, UnreadableError, read
from aftersales.settings.document import Problem as Mistake
from courier_reconciliation.rates.columns import COLUMNS, OPTIONAL, Problem

Line = tuple[int, Mapping[str, str]]
_SURCHARGE = {
    "code": "surcharge_code",
    "basis": "surcharge_basis",
    "value": "surcharge_value",
    "due": "surcharge_due",
    "minimum_minor": "surcharge_minimum_minor",
    "maximum_minor": "surcharge_maximum_minor",
}
_OF_SURCHARGES = {*_SURCHARGE.values()}
_SHARED = {name for name in (*COLUMNS, *OPTIONAL) if name not in _OF_SURCHARGES} - {"provinces"}
_PRICES = _SHARED - {"courier", "origin", "currency"}
_OTHERS = ("others", "*")


def lines_of_yaml(content: bytes, name: str) -> tuple[list[Line], list[Problem]]:
    """Numbered lines with the columns of a card, and what is wrong with them.

    Raises `BadInput` where the text is no YAML.
    """
    mistakes: list[Mistake] = []
    try:
        root = read(content.decode("utf-8-sig"), mistakes)
    except UnicodeDecodeError as exc:
        raise BadInput("is not UTF-8 text; save it as UTF-8", place=name) from exc
    except UnreadableError as exc:
        raise BadInput(str(exc.problem), place=name) from exc
    reader = _Reader([Problem(f"{each.path}: {each.message}", each.line) for each in mistakes])
    lines = list(reader.lines(root)) if root is not None else []
    return lines, reader.problems


class _Reader:
    """Walks the tree and collects lines, and problems on the way."""

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = problems
        self._zones: dict[str, str] = {}

    def lines(self, root: Node) -> Iterator[Line]:
        top = self._fields(root, _SHARED | {"zones", "contracts"})
        shared = self._texts(top, _SHARED)
        if "zones" in top:
            for zone, node in self._fields(top["zones"], None).items():
                self._zones[zone] = "|".join(self._words(node))
        if "contracts" not in top:
            self._fail(root, "a list `contracts` is missing")
            return
        for contract in self._items(top["contracts"]):
            yield from self._contract(contract, shared)

    def _contract(self, node: Node, above: Mapping[str, str]) -> Iterator[Line]:
        fields = self._fields(node, _SHARED | {"prices", "surcharges"})
        shared = {**above, **self._texts(fields, _SHARED)}
        for price in self._items(fields.get("prices")):
            yield from self._price(price, shared)
        for surcharge in self._items(fields.get("surcharges")):
            yield from self._surcharge(surcharge, shared)

    def _price(self, node: Node, above: Mapping[str, str]) -> Iterator[Line]:
        fields = self._fields(node, _PRICES | {"to", "bands"})
        shared = {**above, **self._texts(fields, _PRICES), "provinces": self._to(fields)}
        if "bands" not in fields:
            yield node.line, shared
            return
        start = shared.get("min_weight_g", "0")
        for band in self._items(fields["bands"]):
            own = self._fields(band, _PRICES | {"up_to_g"})
            line = {**shared, "min_weight_g": start, **self._texts(own, _PRICES)}
            if "up_to_g" in own:
                line["max_weight_g"] = self._text(own["up_to_g"])
                start = _next(line["max_weight_g"])
            yield band.line, line

    def _surcharge(self, node: Node, above: Mapping[str, str]) -> Iterator[Line]:
        own = {"service", "valid_from", "valid_to", "min_weight_g", "max_weight_g", "currency"}
        fields = self._fields(node, {*_SURCHARGE, "to", "by_month"} | own)
        kept = {"courier", "service", "valid_from", "valid_to", "currency", "origin"}
        line = {name: text for name, text in above.items() if name in kept}
        line |= self._texts(fields, own)
        line |= {
            _SURCHARGE[name]: self._text(fields[name]) for name in _SURCHARGE if name in fields
        }
        line["provinces"] = self._to(fields)
        if "by_month" not in fields:
            yield node.line, line
            return
        for month, value in self._fields(fields["by_month"], None).items():
            found = re.fullmatch(r"(\d{4})-(\d{2})", month)
            if not found or not 1 <= int(found[2]) <= 12:
                self._fail(value, f"{month!r} is not a month; write 2026-10")
                continue
            days = calendar.monthrange(int(found[1]), int(found[2]))[1]
            dates = {"valid_from": f"{month}-01", "valid_to": f"{month}-{days:02}"}
            yield value.line, {**line, **dates, "surcharge_value": self._text(value)}

    def _to(self, fields: Mapping[str, Node]) -> str:
        """Provinces of `to`: a zone, a province, a list of them; others where it is left out."""
        if "to" not in fields:
            return "*"
        found = []
        for word in self._words(fields["to"]):
            found.append("*" if word in _OTHERS else self._zones.get(word, word))
        return "|".join(found)

    def _fields(self, node: Node, known: set[str] | None) -> dict[str, Node]:
        if not isinstance(node.content, dict):
            self._fail(node, "names with values are expected here")
            return {}
        found = {}
        for name, (key, value) in node.content.items():
            if known is not None and name not in known:
                self._fail(key, f"{name} is not known here; known are {', '.join(sorted(known))}")
            elif not value.empty:
                found[name] = value
        return found

    def _texts(self, fields: Mapping[str, Node], names: set[str]) -> dict[str, str]:
        return {name: self._text(node) for name, node in fields.items() if name in names}

    def _text(self, node: Node) -> str:
        if isinstance(node.content, str):
            return node.content
        self._fail(node, "one value is expected here")
        return ""

    def _words(self, node: Node) -> list[str]:
        if isinstance(node.content, list):
            return [text for item in node.content if (text := self._text(item))]
        return [part.strip() for part in re.split(r"[|、，,]", self._text(node)) if part.strip()]

    def _items(self, node: Node | None) -> list[Node]:
        if node is None:
            return []
        if isinstance(node.content, list):
            return node.content
        self._fail(node, "a list is expected here")
        return []

    def _fail(self, node: Node, message: str) -> None:
        self.problems.append(Problem(message, node.line))


def _next(up_to_g: str) -> str:
    """Where the band above begins; a wrong number is named where the line is read."""
    return str(int(up_to_g) + 1) if up_to_g.isdecimal() else up_to_g
