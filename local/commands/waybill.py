"""`aftersales waybill`: what a waybill number looks like."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

import click

from local.terminal import json_option, print_json, print_table

if TYPE_CHECKING:
    from aftersales.couriers.waybills import Identification


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def waybill() -> None:
    """What a waybill number looks like."""


@waybill.command()
@click.argument("numbers", metavar="NUMBER...", nargs=-1, required=True)
@json_option
def identify(numbers: tuple[str, ...], as_json: bool) -> None:
    """Say which couriers a number may belong to, the likeliest first.

    "-" reads numbers from standard input, one a line. Numbers that begin with a dash go after "--".

    \b
    Example:
      aftersales waybill identify YT0000000000001 RR000000005CN --json
    """
    from aftersales.couriers.waybills import identify as identified

    found = [identified(number) for number in _all(numbers)]
    if as_json:
        print_json([_as_json(one) for one in found])
        return
    print_table(
        ("Number", "Normalised", "Couriers"),
        ((one.number, one.normalised, _in_words(one)) for one in found),
        empty="No numbers.",
    )


def _all(numbers: Iterable[str]) -> Iterator[str]:
    for number in numbers:
        if number != "-":
            yield number
            continue
        text = sys.stdin.buffer.read().decode("utf-8-sig", "replace")
        yield from (line.strip() for line in text.splitlines() if line.strip())


def _as_json(one: Identification) -> dict[str, Any]:
    return {
        "number": one.number,
        "normalised": one.normalised,
        "valid": one.valid,
        "couriers": list(one.couriers),
    }


def _in_words(one: Identification) -> str:
    from aftersales.couriers.codes import display_name

    if one.couriers:
        return ", ".join(f"{display_name(code, 'en')} ({code})" for code in one.couriers)
    return "unknown form" if one.valid else "not a waybill number: wrong form or check digit"
