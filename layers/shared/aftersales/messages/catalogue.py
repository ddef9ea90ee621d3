"""The shape of a language's catalogue. Standard library and msgspec only.

Sentences are written as `phrasing` says. The places they may use are `PLACES`; what a place holds
is decided in `render`, the same for all languages.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from msgspec import Struct

PARCEL_KINDS = (
    "no_pickup_scan",
    "stalled",
    "delivery_overdue",
    "pickup_overdue",
    "refused",
    "returning",
    "returned",
    "address_problem",
    "contact_failed",
    "out_of_area",
    "delivery_failed",
    "damaged",
    "lost",
    "lost_suspected",
    "customs_hold",
    "held",
    "intercepted",
    "delivered_disputed",
    "receipt_auto_confirm",
    "number_rejected",
    "tracking_quiet",
)
ORDER_KINDS = ("unpaid_order",)
"""About an order that has no parcel yet."""
REPORT_KINDS = ("reminder_report", "review_report")
"""For operators; nothing has to be done about them."""
OPERATOR_KINDS = (
    "source_down",
    "source_misconfigured",
    "source_missing",
    "source_quota",
    "shop_misconfigured",
    "shop_quota",
    "shop_quota_low",
    "shop_token_expiring",
    "webhook_off",
    "feed_behind",
    "rows_rejected",
    "target_failing",
    "calendar_missing",
    "rates_wrong",
)
PLACES = frozenset(
    {
        "shop",
        "orders",
        "courier",
        "waybill",
        "parcel",  # courier and waybill number, or what is known of them
        "status",
        "reason",
        "loss",  # "lost" or "destroyed"
        "how",  # who took the parcel
        "last_at",
        "last_place",
        "since",
        "lasted",  # "2 days 3 hours"
        "brief",  # the same for a title: "2 days"
        "region",
        "attempts",  # "2 failed attempts"
        "auto_confirm_at",
        "auto_confirm_left",
        "extend_days",  # "3 days", while the desk itself asks the platform for them
        "source",
        "target",
        "feed",
        "rows",  # "3 rows"
        "file",
        "year",
        "behind",
        "open_for",
        "severity",
        "count",  # how many orders one message lists; unknown for one
        "items",
        "amount",
        "pay_by",
        "pay_left",
        "as_of",
        "week",
        "nudges",
        "reminded",
        "alone",
        "lift",
        "recovered",
        "quota_share",  # "80%"
        "quota_calls",
        "quota_ends_at",
        "quota_guessed_on",
        "token_ends_at",
        "token_left",
        "rating",
        "was_rating",
        "grade",  # what such a rating is called: bad, or neutral
        "topics",
        "product",
        "complaints",  # of how many buyers
        "days",
        "edit_left",
        "reviews",  # how many there were in a week
        "bad",
        "share",
        "before",
        "outcomes",
        "report_at",  # where its charts are
        "contact",  # the buyer left one
        "reply",
        "account",  # with a courier
        "period",
        "claims",
        "filed",  # how many of them are with the courier already
        "claimable",
        "credited",
        "left",  # what is still to come back
        "billed",
        "causes",
        "changes",
        "not_known",  # how many rows are of parcels that the desk does not know
        "unclear",  # how many parcels nobody can judge
        "confirms_at",
        "confirms_left",
        "report",
        "unread",  # why a bill cannot be read
    }
)


class Wording(Struct, frozen=True):
    """What is said about one kind of case.

    `title` has no severity in it: that is put before it. The `escalated_` sentences replace the
    plain ones where a case got worse; where they are "", the plain ones stand. `solved_what` is one
    sentence; how long the case was open is put behind it.
    """

    title: str
    what: str
    why: str
    todo: str
    solved_title: str
    solved_what: str
    buyer_text: str = ""
    escalated_what: str = ""
    escalated_todo: str = ""
    escalated_buyer_text: str = ""


class TimeWords(Struct, frozen=True):
    """Times in a language. `units` are (one, many) for days, hours, minutes.

    A moment is formatted from {year}, {month}, {month_name}, {day} and {time}.
    """

    moment: str
    moment_with_year: str
    units: tuple[tuple[str, str], tuple[str, str], tuple[str, str]]
    month_names: tuple[str, ...] = ()

    def say(self, at: datetime, *, with_year: bool) -> str:
        """A moment, in the zone of `at`."""
        month_name = self.month_names[at.month - 1] if self.month_names else ""
        return (self.moment_with_year if with_year else self.moment).format(
            year=at.year, month=at.month, month_name=month_name, day=at.day, time=f"{at:%H:%M}"
        )

    def duration(self, minutes: int, *, parts: int = 2) -> str:
        """A length of time in its `parts` largest units, rounded down; "" below one minute."""
        days, rest = divmod(max(minutes, 0), 24 * 60)
        amounts = (days, *divmod(rest, 60))
        first = next((number for number, amount in enumerate(amounts) if amount), len(amounts))
        said = [
            f"{amount} {one if amount == 1 else many}"
            for amount, (one, many) in zip(amounts, self.units, strict=True)
        ]
        chosen = range(first, min(first + parts, len(amounts)))
        return " ".join(said[number] for number in chosen if amounts[number])


class Catalogue(Struct, frozen=True):
    """All words of one language.

    `severity_prefixes` stand before a title, `escalated_prefixes` where the case got worse.
    `solved_by_resolution` is the good news by how a case ended; it goes before a kind's own.
    `counted` are (one, many) of what is counted.
    """

    language: str
    kinds: Mapping[str, Wording]
    other: Wording
    """For a kind that this version does not know."""
    severity_words: Mapping[str, str]
    severity_prefixes: Mapping[str, str]
    escalated_prefixes: Mapping[str, str]
    escalated_lead: str
    """Before `what` of an escalated case that has no escalated wording of its own."""
    solved_prefix: str
    solved_tail: str
    solved_by_resolution: Mapping[str, tuple[str, str]]
    labels: Mapping[str, str]
    field_labels: Mapping[str, str]
    status_words: Mapping[str, str]
    reason_words: Mapping[str, str]
    delivered_how_words: Mapping[str, str]
    source_words: Mapping[str, str]
    counted: Mapping[str, tuple[str, str]]
    times: TimeWords
    list_separator: str
    parts_separator: str
    region_separator: str
    more_orders: str
    in_brackets: str
    lasted_of: str
    first_order: str
    left_only: str
    time_left: str
    time_past: str
    open_case: str
    open_order: str
