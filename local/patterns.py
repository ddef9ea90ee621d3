"""Event filter patterns, as event source mappings use them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aftersales.errors import Misconfigured


def matches(pattern: Mapping[str, Any], event: Mapping[str, Any]) -> bool:
    """Whether an event fits a pattern: every named field fits one of the values listed for it.

    Raises `Misconfigured` for an operator that is not among exists, prefix and anything-but.
    """
    for name, wanted in pattern.items():
        present, value = name in event, event.get(name)
        if isinstance(wanted, Mapping):
            if not isinstance(value, Mapping) or not matches(wanted, value):
                return False
        elif not any(_fits(one, present, value) for one in wanted):
            return False
    return True


def _fits(wanted: Any, present: bool, value: Any) -> bool:
    if not isinstance(wanted, Mapping):
        return present and value == wanted
    operator, argument = next(iter(wanted.items()))
    match operator:
        case "exists":
            return present is bool(argument)
        case "prefix":
            return isinstance(value, str) and value.startswith(argument)
        case "anything-but":
            excluded = argument if isinstance(argument, list) else [argument]
            return present and value not in excluded
    raise Misconfigured(f"The one-machine runner does not know the filter operator {operator}.")
