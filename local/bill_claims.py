"""What a person says about claims, written over what is stored."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from aftersales.cases.casebook import Casebook
from aftersales.clock import business_now
from aftersales.courier_bills import Bill, Claim, ClaimState, decided
from aftersales.errors import BadInput
from aftersales.tables import bills, settings

OUTRUN = "somebody else has changed it just now; say it again"


@dataclass
class Done:
    """How many claims changed, how many were so already, and (claim, why) of the others."""

    changed: int = 0
    unchanged: int = 0
    refused: list[tuple[str, str]] = field(default_factory=list)


def decide(bill: Bill, claims: Sequence[Claim], state: str, *, by: str, note: str) -> Done:
    """Set the state of claims of a bill; closes its case when none waits any more."""
    from courier_reconciliation.telling import tell_if_settled

    now, done = business_now(), Done()
    for claim in claims:
        try:
            after = decided(claim, ClaimState(state), now, by=by, note=note)
        except BadInput as exc:
            done.refused.append((claim.claim_id, exc.reason))
            continue
        if after == claim:
            done.unchanged += 1
        elif bills.keep_claim(after, now):
            done.changed += 1
        else:
            done.refused.append((claim.claim_id, OUTRUN))
    if done.changed:
        tell_if_settled(Casebook.of(settings.load()), bill.account, bill.name, now)
    return done
