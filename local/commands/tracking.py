"""`aftersales tracking`: what a tracking source's answer means."""

from __future__ import annotations

from typing import Any

import click

from local.terminal import json_option, plain, print_json, print_table, read_bytes, say

SOURCES = ("seventeentrack", "aftership", "easypost", "kuaidi100", "kdniao", "sf")
KINDS = ("query_reply", "push")


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def tracking() -> None:
    """What a tracking source's answer means."""


@tracking.command()
@click.option("--source", type=click.Choice(SOURCES), required=True, help="Whose answer it is.")
@click.option(
    "--kind",
    type=click.Choice(KINDS),
    default=KINDS[0],
    show_default=True,
    help="An answer to a question, or a push. Of a push that travels as a form, the decoded field.",
)
@click.argument("file")
@json_option
def parse(source: str, kind: str, file: str, as_json: bool) -> None:
    """Read a raw answer as the desk reads it: canonical states, scans, errors with their class.

    FILE "-" is standard input. An answer that is an error is no failure of this command; a FILE
    that is not the source's JSON is (exit code 2).

    \b
    Example:
      aftersales tracking parse --source kuaidi100 --kind push param.json --json
    """
    from aftersales.couriers.present import parse_document

    entries = parse_document(source, kind, read_bytes(file))
    if as_json:
        print_json(_whole(entries))
        return
    if not entries:
        say("It is about no parcel.")
    for entry in entries:
        _show(entry)


def _whole(entries: list[dict[str, Any]]) -> list[dict[str, Any]] | dict[str, Any]:
    """An error of the whole call stands alone; all else is a list."""
    if len(entries) == 1 and "error" in entries[0] and "waybill_number" not in entries[0]:
        return entries[0]
    return entries


def _show(entry: dict[str, Any]) -> None:
    number = plain(entry.get("waybill_number")) or "The whole answer"
    if error := entry.get("error"):
        said = ": ".join(filter(None, (plain(error["code"]), plain(error["message"]))))
        say(f"{number}: {error['class']}  {said}".rstrip())
        return
    details = [entry["status"], entry["reason"], entry["delivered_how"]]
    state = ", ".join(detail for detail in details if detail)
    say(f"{number}  {plain(entry['courier']) or 'courier not named'}  {state}")
    print_table(
        ("Time (UTC)", "State", "Reason", "Place", "Text", "Code"),
        (
            (e["at"], e["status"] or "?", e["reason"], e["place"], e["text"], e["raw_code"])
            for e in entry["events"]
        ),
        empty="  No scans.",
    )
