"""What people are told about bills: the findings, and the cases they become."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from aftersales.cases.casebook import Casebook, Ending
from aftersales.courier_bills import Bill, Claim, ClaimState
from aftersales.findings import Finding, Severity
from aftersales.money import to_text
from aftersales.tables import bills, cases, quarantine
from aftersales.tables.fields import iso

if TYPE_CHECKING:
    from courier_reconciliation.bucket import Drop
    from courier_reconciliation.desk import Desk

DISCREPANCIES = "bill_discrepancies"
UNREADABLE = "bill_unreadable"
MISSING = "bill_missing"
CREDITED = "bill_credited"
RATES_WRONG = "rates_wrong"
CAUSES_TOLD = 4
EXAMPLES = 3


def found_in(bill: Bill, filed: int = 0) -> Finding:
    """The finding about a bill with claims, or with parcels that are not known.

    `filed` of the claims are with the courier already, where the bill was checked before.
    """
    causes = ",".join(
        f"{cause.kind}:{cause.count}:{to_text(cause.minor, bill.currency)}".replace(",", "")
        for cause in bill.causes[:CAUSES_TOLD]
    )
    return Finding(
        kind=DISCREPANCIES,
        subject=bill.subject,
        severity=Severity.WARN,
        shop_id="",
        facts={
            "account": bill.account,
            "courier": bill.couriers[0] if len(bill.couriers) == 1 else None,
            "period": bill.period,
            "file": bill.key.rpartition("/")[2],
            "lines": bill.lines,
            "claims": bill.claims or None,
            "filed": filed or None,
            "claimable": to_text(bill.claimable_minor, bill.currency) if bill.claims else None,
            "billed": to_text(bill.billed_minor, bill.currency),
            "causes": causes or None,
            "underbilled": (
                to_text(bill.underbilled_minor, bill.currency) if bill.underbilled_minor else None
            ),
            "not_auditable": bill.not_auditable or None,
            "not_known": bill.not_known or None,
            "confirms_at": iso(bill.confirms_at) if bill.confirms_at else None,
            "changes": bill.change or None,
            "report": bill.report or None,
            "content": bill.content_hash,
        },
        deadline=bill.file_by,
    )


def tell_of_bill(desk: Desk, bill: Bill, now: datetime) -> str:
    """Open, renew or close the case of a bill as it was just checked; returns what happened.

    A case that somebody closed stays closed while the bill is the same.
    """
    known = cases.get(bill.subject, DISCREPANCIES)
    same = known is not None and known.facts.get("content") == bill.content_hash
    if known is not None and bool(known.facts.get("not_known")) != bool(bill.not_known):
        same = False
    if not bill.claims and not bill.not_known:
        how = "bill_agrees" if same or known is None else "bill_corrected"
        return str(desk.casebook.resolve(bill.subject, DISCREPANCIES, how, now))
    if known is not None and same and not known.is_open:
        return "closed_before"
    if known is not None and known.is_open and not same:
        # One message says what the corrected bill has changed; that the old case ends is in it.
        ending = Ending(bill.subject, DISCREPANCIES, "bill_corrected")
        desk.casebook.resolve_together([ending], now, told=None, beside=lambda _: None)
    filed = 0
    if known is not None:
        claims = bills.claims_of(bill.account, bill.name)
        filed = sum(claim.state is ClaimState.FILED for claim in claims)
    return str(desk.casebook.open(found_in(bill, filed), now))


def tell_if_settled(casebook: Casebook, account: str, name: str, now: datetime) -> bool:
    """Close the case of a bill none of whose claims waits any more."""
    if any(claim.live for claim in bills.claims_of(account, name)):
        return False
    subject = f"bill:{account}/{name}"
    casebook.resolve(subject, DISCREPANCIES, "claims_settled", now)
    return True


def tell_of_credits(casebook: Casebook, bill: Bill, now: datetime) -> None:
    """A bill has given back money for others: what those still wait for is told, once for each.

    Amounts of two currencies are two matters.
    """
    by_bill: dict[tuple[str, str], list[Claim]] = {}
    for claim in bills.claims_of(bill.account):
        by_bill.setdefault((claim.bill, claim.currency), []).append(claim)
    for (name, currency), claims in sorted(by_bill.items()):
        back = sum(claim.credits.get(bill.name, 0) for claim in claims)
        waiting = [claim for claim in claims if claim.live]
        if not back or not waiting:
            continue
        couriers = {claim.courier for claim in claims}
        facts: dict[str, str | int | None] = {
            "account": bill.account,
            "courier": couriers.pop() if len(couriers) == 1 else None,
            "period": name,
            "credited": to_text(back, currency),
            "left": to_text(sum(claim.left_minor for claim in waiting), currency),
            "claims": len(waiting),
        }
        subject = f"credit:{bill.account}/{name}/{currency}/{bill.name}"
        casebook.announce(Finding(CREDITED, subject, Severity.NOTICE, "", facts), now)


def tell_unreadable(desk: Desk, drop: Drop, reason: str, now: datetime) -> None:
    """A bill that nobody can check: what the file lacks."""
    from courier_reconciliation.output.words_reasons import translate

    subject = f"file:{drop.key}"
    quarantine.put(subject, drop.name, reason, f"{drop.bucket}/{drop.key}", now)
    facts: dict[str, str | int | None] = {
        "account": drop.account or None,
        "file": drop.key,
        "reason_text": translate(reason, desk.settings.language),
    }
    desk.casebook.open(Finding(UNREADABLE, subject, Severity.WARN, "", facts), now)


def tell_readable(desk: Desk, drop: Drop, couriers: Sequence[str], period: str) -> None:
    """A bill arrived and can be read: what was said about its file, or about its absence, ends."""
    now = desk.business_now()
    desk.casebook.resolve(f"file:{drop.key}", UNREADABLE, "bill_read", now)
    for courier in couriers:
        desk.casebook.resolve(f"bill:{courier}/{period}", MISSING, "bill_arrived", now)


def tell_of_cards(
    desk: Desk, wrong: Sequence[tuple[str, str]], without: Sequence[str], now: datetime
) -> None:
    """Rate cards that cannot be read, and couriers of a bill that have none."""
    if wrong:
        facts: dict[str, str | int | None] = {
            "file": wrong[0][0],
            "count": len(wrong),
            "examples": "; ".join(f"{name}: {reason}" for name, reason in wrong[:EXAMPLES]),
        }
        desk.casebook.open(Finding(RATES_WRONG, "rates", Severity.WARN, "", facts), now)
    else:
        desk.casebook.resolve("rates", RATES_WRONG, "rates_mended", now)
    for courier in without:
        facts = {"courier": courier, "examples": None}
        subject = f"rates:{courier}"
        desk.casebook.open(Finding(RATES_WRONG, subject, Severity.WARN, "", facts), now)


def tell_of_card(desk: Desk, courier: str, now: datetime) -> None:
    """A courier of a bill has a card: whoever was told that it has none hears so."""
    desk.casebook.resolve(f"rates:{courier}", RATES_WRONG, "rates_mended", now)


def tell_missing(casebook: Casebook, courier: str, period: str, now: datetime) -> str:
    """A courier that was handed parcels in a month has sent no bill for it."""
    facts: dict[str, str | int | None] = {"courier": courier, "period": period}
    finding = Finding(MISSING, f"bill:{courier}/{period}", Severity.WARN, "", facts)
    known = cases.get(finding.subject, MISSING)
    if known is not None and not known.is_open:
        return "closed_before"
    return str(casebook.open(finding, now))
