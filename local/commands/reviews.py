"""`aftersales reviews`: what reviews say, why the classifier thinks so, and training it anew."""

from __future__ import annotations

import contextlib
import gc
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from local.commands.review_desk import register, reply, report
from local.commands.review_import import import_reviews
from local.terminal import json_option, plain, print_json, print_table, progress, read_bytes, say

if TYPE_CHECKING:
    from local.review_files import ReviewRow
    from review_scanner.classifier.judging import Judgement

SHOWN = 20
SHOWN_REASONS = 15
STEP = 1000
"""Progress is told every so many rows."""


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def reviews() -> None:
    """What buyers write: judge reviews, see why, teach the classifier your own."""


reviews.add_command(import_reviews)
reviews.add_command(reply)
reviews.add_command(register)
reviews.add_command(report)


@reviews.command()
@click.argument("file", metavar="FILE")
@click.option("--table", "table_file", metavar="FILE", help="A table made by reviews train.")
@json_option
def classify(file: str, table_file: str | None, as_json: bool) -> None:
    """Judge each review of a CSV or Excel file: sentiment, topics, hidden complaints, advertising.

    The file needs a column named text; a column named rating is used where there is one, the others
    pass through. Rows keep their order. FILE may be gzipped, or - for standard input.

    \b
    Example:
      aftersales reviews classify reviews.csv --json
    """
    from local.review_files import rating_of, read_table
    from review_scanner.classifier.judging import judge

    table = _table(table_file)
    judged: list[tuple[ReviewRow, Judgement]] = []
    with _no_search_for_circles(), progress("Judging") as show:
        reading = read_table(read_bytes(file), Path(file).name)
        text, rating = reading.columns["text"], reading.columns["rating"]
        for done, row in enumerate(reading.rows):
            if done % STEP == 0:
                show(Path(file).name, done, len(reading.rows))
            stars = rating_of(row.cells.get(rating, "")) if rating else None
            judged.append((row, judge("" if row.problem else row.cells[text], stars, table)))
    for row, _ in judged:
        if row.problem:
            click.echo(f"{plain(Path(file).name)}, row {row.number}: {row.problem}", err=True)
    if reading.note:
        click.echo(f"{plain(Path(file).name)}: {reading.note}", err=True)
    if as_json:
        print_json([_as_json(row, judgement) for row, judgement in judged])
        return
    _show(judged, text)


@reviews.command()
@click.argument("text", metavar="TEXT")
@click.option("--table", "table_file", metavar="FILE", help="A table made by reviews train.")
@json_option
def explain(text: str, table_file: str | None, as_json: bool) -> None:
    """Why the classifier thinks what it thinks of a text: the n-grams that weighed most.

    TEXT may be - for standard input. Weights are log-odds: those above 0 speak for negative.

    \b
    Example:
      aftersales reviews explain "质量太差了，用了两天就坏"
    """
    from review_scanner.classifier.judging import judge
    from review_scanner.classifier.sentiment import reasons
    from review_scanner.classifier.table import shipped
    from review_scanner.classifier.text import read

    if text == "-":
        text = sys.stdin.buffer.read().decode("utf-8", "replace")
    table = _table(table_file) or shipped()
    judgement = judge(text, None, table)
    bias, found = reasons(text, table)
    if as_json:
        print_json(
            {
                **_judgement_json(judgement),
                "worst_sentence": judgement.worst,
                "contact_wanted": judgement.contact_wanted,
                "written_by_buyer": judgement.written,
                "read_as": read(text).text,
                "bias": round(bias, 4),
                "n_grams": [{"n_gram": one.gram, "weight": round(one.weight, 4)} for one in found],
            }
        )
        return
    say(f"{judgement.sentiment}, score {judgement.score:+.2f}")
    if not judgement.written:
        say("A platform fills in this text where a buyer writes nothing; it is not scored.")
        return
    if judgement.topics:
        say("topics: " + ", ".join(judgement.topics))
    if judgement.worst:
        say(f"hidden complaint: {plain(judgement.worst)}")
    if judgement.advertising:
        say("advertising")
    if judgement.contact_wanted:
        say("a complaint that holds a contact")
    print_table(
        ("N-gram", "Weight", "Speaks for"),
        (
            (one.gram, f"{one.weight:+.3f}", "negative" if one.weight > 0 else "positive")
            for one in found[:SHOWN_REASONS]
        ),
        title="What weighed most",
        empty="Nothing of this text is known.",
    )
    rest = sum(one.weight for one in found[SHOWN_REASONS:])
    say(f"{max(len(found) - SHOWN_REASONS, 0)} more {rest:+.3f}; letters and length {bias:+.3f}")


@reviews.command()
@click.argument(
    "files",
    metavar="CSV...",
    nargs=-1,
    required=True,
    type=click.Path(exists=True, dir_okay=False, readable=True),
)
@click.option("--out", metavar="FILE", default="sentiment.table", help="Where the table goes.")
@click.option("--provenance", metavar="FILE", help="A Markdown page to write what it was made of.")
@json_option
def train(files: tuple[str, ...], out: str, provenance: str | None, as_json: bool) -> None:
    """Make a table from labelled reviews: columns text, label and, if there is one, source.

    Labels are negative and positive; rows with others are left out. The same files give the same
    bytes. Needs scikit-learn, which `make test` installs.

    \b
    Example:
      aftersales reviews train reviews.csv --out my.table
    """
    from local.review_training.making import check_installed, make
    from local.review_training.provenance import described, write_page
    from local.review_training.sources import read_labelled

    check_installed()
    contents = [(Path(file).name, read_bytes(file)) for file in files]
    rows, problems = read_labelled(contents)
    for problem in problems:
        click.echo(plain(problem), err=True)
    with progress("Training") as show:
        made = make(rows, show)
    Path(out).write_bytes(made.table)
    facts = described(contents, rows, made.provenance, rejected=len(problems))
    if provenance:
        write_page(Path(provenance), facts)
    if as_json:
        print_json({"table": out, **facts})
        return
    say(f"{out}: {facts['table_bytes']} bytes, from {facts['examples']} texts.")
    print_table(
        ("Held-out texts", "Count", "F1 negative", "F1 positive"),
        (
            (name, one["texts"], f"{one['f1_negative']:.3f}", f"{one['f1_positive']:.3f}")
            for name, one in facts["held_out"].items()
        ),
        title="Each part judged by a fit that has not seen it",
    )


@contextlib.contextmanager
def _no_search_for_circles() -> Iterator[None]:
    """Rows and judgements stay by the hundred thousand, and none of them holds itself: looking for
    such circles among them, again and again, takes a tenth of the time."""
    searches = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if searches:
            gc.enable()


def _table(file: str | None) -> Any:
    """The named table; None means the shipped one."""
    from review_scanner.classifier.table import unpack

    return unpack(read_bytes(file)) if file else None


def _judgement_json(judgement: Judgement) -> dict[str, Any]:
    return {
        "sentiment": judgement.sentiment,
        "score": round(judgement.score, 4),
        "hidden_complaint": judgement.hidden_complaint,
        "topics": judgement.topics,
        "advertising": judgement.advertising,
    }


def _as_json(row: ReviewRow, judgement: Judgement) -> dict[str, Any]:
    entry = {**row.cells, **_judgement_json(judgement)}
    if row.problem:
        entry["problem"] = f"row {row.number}: {row.problem}"
    return entry


def _show(judged: list[tuple[ReviewRow, Judgement]], text: str) -> None:
    counts: dict[str, int] = {}
    for _, one in judged:
        counts[one.sentiment] = counts.get(one.sentiment, 0) + 1
        counts["hidden complaints"] = counts.get("hidden complaints", 0) + one.hidden_complaint
        counts["advertising"] = counts.get("advertising", 0) + one.advertising
    say(f"{len(judged)} reviews: " + ", ".join(f"{n} {what}" for what, n in counts.items() if n))
    told = [(row, one) for row, one in judged if one.score > 0 or one.hidden_complaint]
    told.sort(key=lambda pair: -pair[1].score)
    print_table(
        ("Row", "Score", "Topics", "Text"),
        (
            (row.number, f"{one.score:+.2f}", ", ".join(one.topics), _shown(row.cells[text]))
            for row, one in told[:SHOWN]
        ),
        title="Complaints, the worst first",
        empty="No complaint among them.",
    )
    if len(told) > SHOWN:
        say(f"… and {len(told) - SHOWN} more; --json shows all.")


def _shown(text: str) -> str:
    from review_scanner.classifier.judging import masked

    return plain(masked(text[:60]))
