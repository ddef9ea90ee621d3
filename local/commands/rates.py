"""`aftersales rates`: prove a rate card before a bill is checked against it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from local.terminal import json_option, print_json, print_table, say

if TYPE_CHECKING:
    from courier_reconciliation.rates.check import SamplePrices
    from courier_reconciliation.rates.columns import Problem


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def rates() -> None:
    """Rate cards: what couriers may charge by contract."""


@rates.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--origin", default="", help="Of a card with several origins: this one.")
@json_option
@click.pass_context
def check(ctx: click.Context, file: Path, origin: str, as_json: bool) -> None:
    """Say what is wrong or doubtful in a rate card, and show sample prices.

    FILE is CSV, XLSX or YAML. Exit code 1 where there is an error: parcels without a price between
    two ranges or periods, or with two prices, or with one that falls as the weight grows. What may
    be meant so is a warning.

    \b
    Example:
      aftersales rates check rates.csv --json
    """
    from courier_reconciliation.rates.check import check_card, sample_prices
    from courier_reconciliation.rates.load import read_card

    card, problems = read_card(file, origin=origin)
    problems = [*problems, *check_card(card)]
    samples = sample_prices(card)
    has_errors = any(problem.is_error for problem in problems)
    if as_json:
        print_json(
            {
                "valid": not has_errors,
                "couriers": list(card.couriers),
                "prices": len(card.freight),
                "surcharges": len(card.surcharges),
                "problems": [_problem(problem) for problem in problems],
                "samples": [_sample(sample) for sample in samples],
            }
        )
    else:
        _show(problems, samples)
        verdict = "has errors" if has_errors else "is valid"
        say(
            f"{file.name} {verdict}: {len(card.freight)} prices, {len(card.surcharges)} surcharges."
        )
    ctx.exit(1 if has_errors else 0)


def _show(problems: list[Problem], samples: list[SamplePrices]) -> None:
    from aftersales.money import to_text

    for problem in problems:
        say(f"{'error' if problem.is_error else 'warning'}: {problem}")
    if not samples:
        return
    heads = [f"{grams / 1000:g} kg" for grams, _ in samples[0].prices]
    print_table(
        ("Courier", "Service", "From", "Provinces", *heads),
        (
            (
                sample.courier,
                sample.service or "any",
                sample.day.isoformat() if sample.day.year > 2000 else "",
                "|".join(sample.zone),
                *("-" if minor is None else to_text(minor, sample.currency)
                  for _, minor in sample.prices),
            )
            for sample in samples
        ),
    )  # fmt: skip


def _problem(problem: Problem) -> dict[str, Any]:
    return {
        "severity": "error" if problem.is_error else "warning",
        "row": problem.row,
        "column": problem.column,
        "message": problem.message,
    }


def _sample(sample: SamplePrices) -> dict[str, Any]:
    return {
        "courier": sample.courier,
        "service": sample.service,
        "valid_from": sample.day.isoformat() if sample.day.year > 2000 else None,
        "provinces": list(sample.zone),
        "currency": sample.currency,
        "prices": [{"weight_g": grams, "freight_minor": minor} for grams, minor in sample.prices],
    }
