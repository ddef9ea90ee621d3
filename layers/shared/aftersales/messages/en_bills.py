"""What is said in English about couriers' bills."""

from __future__ import annotations

from aftersales.messages.catalogue import Wording

CAUSE = "{cause} {n} ({money})"
CAUSES = {
    "duplicate_waybill": "billed twice",
    "unknown_waybill": "unknown waybill",
    "not_shipped": "never carried, yet billed",
    "weight_over": "weight too high",
    "volumetric_wrong": "volumetric weight wrong",
    "rounding_wrong": "rounding wrong",
    "zone_wrong": "destination zone wrong",
    "rate_wrong": "price not by contract",
    "surcharge_invalid": "surcharge not due",
    "address_correction": "address correction not due",
    "late_delivery": "guaranteed delivery missed",
    "lost_billed": "lost, yet billed",
    "damaged_billed": "damaged, yet billed",
    "return_overcharge": "return charged too high",
    "payment_party": "charged to the wrong party",
    "missing_discount": "discount missing",
    "currency_mismatch": "wrong currency",
    "tax_mismatch": "tax wrong",
    "total_mismatch": "total does not add up",
}
CHANGES = {
    "lines": "rows {old} → {new}",
    "billed": "billed {old} → {new}",
    "claims": "claims {old} → {new}",
    "claimable": "to claim back {old} → {new}",
}
FIELD_LABELS = {
    "account": "Account",
    "period": "Month",
    "claims": "Claims",
    "claimable": "To claim back",
    "credited": "Came back",
    "left": "Still to come",
    "causes": "Mostly",
    "changes": "Changed",
    "report": "Report",
    "underbilled": "Billed too little",
    "not_auditable": "Could not be judged",
    "confirms_at": "Accepted by itself",
}
KINDS = {
    "bill_discrepancies": Wording(
        title="Courier bill[ of {courier}|][, {period}][: {claimable} to claim back]",
        what="[A corrected bill replaces the earlier one: {changes}. ][{claims} of its charges "
        "differ from the contract or from what was shipped|Its charges do not fit what was "
        "shipped][, {claimable} of "
        "{billed}].[ Mostly: {causes}.]",
        why="[The bill counts as accepted on {confirms_at}|A bill that nobody objects to counts "
        "as accepted]; what was not claimed by then is paid.",
        todo="[{not_known} rows, more than half of them, are of parcels that are not known here, "
        "and are not claimed. Import what was shipped and drop the bill again; for finished "
        "orders use aftersales reconcile with a list of shipments. ]"
        "[{filed} of these claims are filed already; it is about the others. ]"
        "File the claims with the courier in time: the report has a file for them[ "
        "({report})]. Note it with aftersales bills claim, then credits are looked for in the"
        " next bills.[ {unclear} parcels could not be judged, for want of a price or a "
        "weight.]",
        solved_title="bill settled",
        solved_what="Nothing is left to be claimed from this bill.",
    ),
    "bill_unreadable": Wording(
        title="A courier's bill cannot be read[: {file}]",
        what="[{unread}.|The file is no bill of a known form.]",
        why="Until it can be read nobody knows whether it is right, and the time to object runs.",
        todo="Drop it as the courier's portal exports it, or describe its columns in the settings "
        "(reconciliation.layouts) and drop it again.",
        solved_title="bill can be read",
        solved_what="The bill can be read now.",
    ),
    "bill_missing": Wording(
        title="No bill[ from {courier}][ for {period}]",
        what="[{courier}|A courier] was handed parcels[ in {period}], and its bill has not "
        "arrived.",
        why="The later a bill comes, the less time is left to check it.",
        todo="Ask the courier for it, and drop it into its folder below bills/.",
        solved_title="bill arrived",
        solved_what="The bill has arrived.",
    ),
    "bill_credited": Wording(
        title="Part of a claim came back[ from {courier}|][, {period}][: {left} to come]",
        what="[{credited}|Part] of what was claimed from the bill[ of {period}] has come back. "
        "[{left}|Some] is still to come[, in {claims} claims].",
        why="What a courier leaves out is rarely paid later without being asked for.",
        todo="Ask the courier for the rest: aftersales bills show[ {account}/{period}] lists what "
        "is open. What it refuses is noted with aftersales bills claim.",
        solved_title="told",
        solved_what="It was told.",
    ),
    "rates_wrong": Wording(
        title="[No rate card for {courier}|A rate card cannot be read]",
        what="[No file below rates/ has a price of {courier}|{file} below rates/ cannot be used|A "
        "file below rates/ cannot be used]; bills are checked without it.",
        why="What has no price is listed as not to be judged, neither as right nor as wrong.",
        todo="Mend the file or add one; aftersales rates check shows all that is wrong with it. "
        "Then drop the bill again, and it is checked once more.",
        solved_title="rate cards complete",
        solved_what="The rate cards can be used.",
    ),
}
