"""`aftersales bills`: checked bills of couriers, and what became of their claims."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from local.tables_at_hand import state_option, tables_at_hand
from local.terminal import json_option, json_time, plain, print_json, print_table, say, shown_time

if TYPE_CHECKING:
    from aftersales.courier_bills import Bill, Claim

STATES = ("open", "filed", "credited", "refused", "expired")
SHOWN = 60


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def bills() -> None:
    """Checked bills of couriers, and what became of their claims."""


@bills.command("list")
@click.option("--account", metavar="ACCOUNT", help="Only bills of this account.")
@state_option
@json_option
def list_(account: str | None, state_dir: Path | None, as_json: bool) -> None:
    """List the bills, the newest month first.

    \b
    Example:
      aftersales bills list --account sto-hangzhou
    """
    with tables_at_hand(state_dir) as place:
        from aftersales.tables import bills as table

        names = table.accounts() if account is None else (account,)
        found = [bill for name in names for bill in table.of_account(name)]
    found.sort(key=lambda bill: (bill.period, bill.account, bill.name), reverse=True)
    if as_json:
        print_json([_bill_json(bill) for bill in found])
        return
    print_table(
        ("Bill", "File", "Rows", "Billed", "To claim back", "Claims", "Claim until", "Accepted"),
        (
            (
                plain(f"{bill.account}/{bill.name}"),
                plain(_file(bill)),
                str(bill.lines),
                _money(bill.billed_minor, bill.currency),
                _money(bill.claimable_minor, bill.currency),
                str(bill.claims),
                shown_time(bill.file_by) if bill.file_by else "",
                shown_time(bill.confirms_at) if bill.confirms_at else "",
            )
            for bill in found
        ),
        title=f"Bills in {place.words}",
        empty=f"No bills in {place.words}.",
    )


@bills.command()
@click.argument("bill_name", metavar="BILL")
@click.option("--claims", "wanted", type=click.Choice(STATES), help="Only claims in this state.")
@state_option
@json_option
def show(bill_name: str, wanted: str | None, state_dir: Path | None, as_json: bool) -> None:
    """Show one bill and its claims.

    \b
    Example:
      aftersales bills show sto-hangzhou/2026-10 --claims open
    """
    with tables_at_hand(state_dir):
        bill, claims = _find(bill_name)
    claims = [claim for claim in claims if wanted in (None, claim.state)]
    if as_json:
        print_json({**_bill_json(bill), "claim_list": [_claim_json(claim) for claim in claims]})
        return
    say(f"Bill {plain(bill_name)}: {bill.lines} rows, {bill.matched} of parcels that are known.")
    for label, value in {
        "file": plain(_file(bill)),
        "billed": _money(bill.billed_minor, bill.currency),
        "to claim back": _money(bill.claimable_minor, bill.currency),
        "billed too little": _money(bill.underbilled_minor, bill.currency),
        "not auditable": str(bill.not_auditable),
        "rows refused": str(bill.rejected),
        "claim until": shown_time(bill.file_by) if bill.file_by else "",
        "accepted": shown_time(bill.confirms_at) if bill.confirms_at else "",
        "report": bill.report,
        "changed": bill.change.replace(";", ", ").replace(":", " ").replace(">", " to "),
    }.items():
        if value:
            say(f"  {label}: {value}")
    print_table(
        ("Waybill", "What is wrong", "Claimed", "Credited", "State", "Claim until"),
        (
            (
                plain(claim.waybill_number),
                claim.kind.replace("_", " "),
                _money(claim.amount_minor, claim.currency),
                _money(claim.credited_minor, claim.currency) if claim.credits else "",
                claim.state,
                str(claim.file_until or ""),
            )
            for claim in claims[:SHOWN]
        ),
        title="Claims",
        empty="No claims.",
    )
    if len(claims) > SHOWN:
        say(f"… and {len(claims) - SHOWN} more; --json shows all.")


@bills.command()
@click.argument("bill_name", metavar="BILL")
@click.option("--set", "state", type=click.Choice(STATES), required=True, help="What became of it.")
@click.option("--as", "who", metavar="NAME", required=True, help="Who says so.")
@click.option("--waybill", "waybills", metavar="NUMBER", multiple=True, help="Only this parcel.")
@click.option("--kind", metavar="KIND", help="Only claims of this kind, such as weight_over.")
@click.option("--note", metavar="TEXT", default="", help="Kept with the claim.")
@state_option
@json_option
def claim(  # noqa: PLR0917 - click hands over each option
    bill_name: str,
    state: str,
    who: str,
    waybills: tuple[str, ...],
    kind: str | None,
    note: str,
    state_dir: Path | None,
    as_json: bool,
) -> None:
    """Say what became of claims. It stands when the bill is looked at again.

    \b
    Example:
      aftersales bills claim sto-hangzhou/2026-10 --set filed --as wang
      aftersales bills claim sto-hangzhou/2026-10 --set refused --as wang --waybill 776012345678901
    """
    with tables_at_hand(state_dir):
        from aftersales.errors import BadInput
        from local.bill_claims import decide

        bill, claims = _find(bill_name)
        chosen = [
            one
            for one in claims
            if (one.waybill_number in waybills if waybills else one.live or kind)
            and kind in (None, one.kind)
        ]
        without = sorted({*waybills} - {one.waybill_number for one in chosen})
        if without:
            raise BadInput(
                f"{bill_name} has no{f' {kind}' if kind else ''} claim for"
                f" {', '.join(map(plain, without))}; see aftersales bills show {bill_name}"
            )
        done = decide(bill, chosen, state, by=who, note=note)
    if as_json:
        print_json(
            {
                "bill": bill_name,
                "changed": done.changed,
                "unchanged": done.unchanged,
                "refused": [{"claim_id": name, "reason": why} for name, why in done.refused],
            }
        )
        return
    say(f"{done.changed} claims are {state} now, {done.unchanged} were before.")
    for name, why in done.refused:
        say(f"  {name}: {why}")


def _find(bill_name: str) -> tuple[Bill, list[Claim]]:
    from aftersales.errors import BadInput
    from aftersales.tables import bills as table

    account, _, name = bill_name.rpartition("/")
    found = table.get(account, name) if account and name else None
    if found is None:
        raise BadInput(
            f"there is no bill {plain(bill_name)}; write it as `aftersales bills list` does,"
            " such as sto-hangzhou/2026-10"
        )
    return found, list(table.claims_of(account, name))


def _file(bill: Bill) -> str:
    return bill.key.rpartition("/")[2]


def _money(minor: int, currency: str) -> str:
    from aftersales.money import to_text

    return to_text(minor, currency or "CNY") if minor else ""


def _bill_json(bill: Bill) -> dict[str, Any]:
    numbers = (
        *("lines", "matched", "rejected", "not_auditable", "discrepancies", "claims"),
        *("billed_minor", "expected_minor", "claimable_minor", "underbilled_minor"),
    )
    return {
        "bill": f"{bill.account}/{bill.name}",
        "account": bill.account,
        "period": bill.period,
        "couriers": list(bill.couriers),
        "file": _file(bill),
        "arrived_at": json_time(bill.arrived_at),
        "checked_at": json_time(bill.checked_at),
        **{name: getattr(bill, name) for name in numbers},
        "currency": bill.currency,
        "file_by": json_time(bill.file_by),
        "confirms_at": json_time(bill.confirms_at),
        "report": bill.report,
        "causes": [
            {"kind": cause.kind, "count": cause.count, "minor": cause.minor}
            for cause in bill.causes
        ],
        "change": bill.change,
    }


def _claim_json(one: Claim) -> dict[str, Any]:
    texts = ("claim_id", "waybill_number", "kind", "charge", "order_id", "rule", "currency")
    return {
        **{name: getattr(one, name) for name in texts},
        "amount_minor": one.amount_minor,
        "credited_minor": one.credited_minor,
        "left_minor": one.left_minor,
        "state": one.state.value,
        "file_until": one.file_until.isoformat() if one.file_until else None,
        "changed_at": json_time(one.changed_at),
        "decided_by": one.decided_by,
        "note": one.note,
    }
