"""Writing bills and claims: over what is stored, never against what others decided meanwhile."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Protocol, TypeVar

from aftersales.courier_bills import Bill, Claim, renewed, shared_out, withdrawn
from aftersales.errors import Conflict
from aftersales.tables import bills

WRITERS = 8
TRIES = 3


class Named(Protocol):
    """A discrepancy, or the claim that comes of it: what both are named by."""

    @property
    def waybill_number(self) -> str: ...
    @property
    def kind(self) -> str: ...
    @property
    def charge(self) -> str: ...


N = TypeVar("N", bound=Named)


class Share(Protocol):
    """Picks those that a run is to see to, where several share a bill; keeps their order."""

    def __call__(self, found: Iterable[N], /) -> Iterable[N]: ...


def everything(found: Iterable[N], /) -> Iterable[N]:
    """The share of a run that does a whole bill."""
    return found


def keep_bill(bill: Bill, now: datetime) -> Bill:
    """Store a bill. Raises `Conflict` where another run has changed it since it was read."""
    kept = bills.put(bill, now)
    if kept is None:
        raise Conflict(f"bill {bill.account}/{bill.name} was changed by another run")
    return kept


def keep_claims(
    bill: Bill, found: Sequence[Claim], now: datetime, share: Share = everything
) -> None:
    """Store the claims of a bill. Those that the corrected bill gives no rise to are over.

    Of the stored ones only the `share` of this run is looked at. Raises `Conflict` where others
    keep changing them.
    """
    for _ in range(TRIES):
        stored = {one.claim_id: one for one in share(bills.claims_of(bill.account, bill.name))}
        ids = {one.claim_id for one in found}
        wanted = [renewed(stored.get(one.claim_id), one) for one in found]
        wanted += [withdrawn(one, now) for one in stored.values() if one.claim_id not in ids]
        if _keep_all([one for one in wanted if one != stored.get(one.claim_id)], now):
            return
    raise Conflict(f"the claims of {bill.account}/{bill.name} change too fast")


def credit_earlier(bill: Bill, given_back: Mapping[str, int], now: datetime) -> list[str]:
    """Credits of a bill (waybill -> minor units) go to the claims of other bills of its account.

    Returns the names of the bills concerned. Raises `Conflict` where others keep changing them.
    """
    if not given_back:
        return []
    for _ in range(TRIES):
        claims = [
            claim
            for claim in bills.claims_of(bill.account)
            if claim.bill != bill.name and claim.waybill_number in given_back
        ]
        changed = shared_out(claims, given_back, bill.name, now)
        if _keep_all(changed, now):
            concerned = {claim.bill for claim in claims if bill.name in claim.credits}
            return sorted(concerned | {claim.bill for claim in changed})
    raise Conflict(f"the claims of {bill.account} change too fast")


def _keep_all(claims: Sequence[Claim], now: datetime) -> bool:
    """Write claims, several at a time; False where one of them was changed by others."""
    if len(claims) <= 1:
        return all(bills.keep_claim(claim, now) for claim in claims)
    with ThreadPoolExecutor(WRITERS) as pool:
        return all(list(pool.map(lambda claim: bills.keep_claim(claim, now), claims)))
