"""From an alert to the message an agent reads. Pure.

Nothing here knows a sentence: the catalogues do. Here it is decided what each place of a sentence
holds, and which sentences a message consists of. A fact that is missing, or that is not what its
name says, is left out; an alert is never held back for it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from importlib import import_module
from typing import TYPE_CHECKING
from urllib.parse import quote

from aftersales.couriers.codes import display_name
from aftersales.findings import Alert, Transition
from aftersales.messages.base import LANGUAGES, Button, Field, Labels, Message
from aftersales.messages.bill_words import bill_values, bill_words
from aftersales.messages.catalogue import OPERATOR_KINDS, Catalogue, Wording
from aftersales.messages.facts import Clock, Facts
from aftersales.messages.order_words import listed_fields, order_values, order_words
from aftersales.messages.phrasing import fill
from aftersales.messages.review_words import review_buttons, review_values, review_words
from aftersales.tracking import Reason

if TYPE_CHECKING:
    from aftersales.messages.follow_ups import Said

ORDERS_SHOWN = 5
EXAMPLES_LIMIT = 360

_DEFAULT_LANGUAGE = "zh-CN"
_TRADITIONAL = ("zh-tw", "zh-hk", "zh-mo", "zh-hant")
_FOLLOW_UPS = (Transition.REMINDED, Transition.DUE_SOON, Transition.OVERDUE)
_ABOUT_THE_SOURCE = (*OPERATOR_KINDS, "tracking_quiet", "number_rejected")
_OWN_GOOD_NEWS = ("delivered_disputed", "returned")
"""Kinds that begin where a parcel's way ends: that it was delivered is no news there."""
_STILL_TRUE_WHEN_SOLVED = frozenset(
    {
        "shop",
        "orders",
        "buyer",
        "amount",
        "courier",
        "waybill",
        "region",
        "source",
        "target",
        "feed",
        "file",
        "rating",
        "product",
        "account",
        "period",
    }
)


def catalogue_for(language: str) -> Catalogue:
    """The words of `language` (`zh-CN`, `zh-TW`, `en`, or a relative such as `en-GB`, `zh_HK`).

    A language without a catalogue gets zh-CN.
    """
    tag = language.strip().replace("_", "-").lower()
    if tag.startswith(_TRADITIONAL):
        known = "zh-TW"
    else:
        known = "en" if tag.split("-")[0] == "en" else _DEFAULT_LANGUAGE
    catalogue: Catalogue = import_module(f"aftersales.messages.{LANGUAGES[known]}").CATALOGUE
    return catalogue


def render(
    alert: Alert,
    *,
    language: str,
    time_zone: str,
    shop_name: str,
    now: datetime,
    desk_url: str = "",
    order_url: str = "",
    mentions: tuple[str, ...] = (),
) -> Message:
    """Word `alert` for a target of `language`.

    Times are told in `time_zone` (a zone that is not known: in UTC, and saying so); `now` decides
    what is left until the deadline and whether a year must be named. `order_url` may hold
    `{order_id}`. A kind that no catalogue has gets a general wording.
    """
    catalogue = catalogue_for(language)
    facts = Facts.of(alert, catalogue, Clock.of(time_zone, now, catalogue))
    wording = catalogue.kinds.get(alert.kind, catalogue.other)
    words = _words(facts, shop_name)
    solved = alert.transition is Transition.SOLVED
    lead: tuple[Field, ...] = ()
    fields = _fields(facts, words, solved=solved)
    if alert.transition in _FOLLOW_UPS:
        said = _follow_up(facts, wording, words)
        title, what, todo = said.title, said.what, said.todo
        lead = said.fields if said.is_list else _owner(facts)
        why, buyer_text = fill(wording.why, words), fill(wording.buyer_text, words)
        until = facts.until()
        if said.is_list:
            why, buyer_text, until, fields = "", "", "", ()
    elif solved:
        title, what = (fill(text, words) for text in _good_news(wording, facts))
        why = todo = until = buyer_text = ""
    else:
        title, what, why, todo, buyer_text = (
            fill(text, words) for text in _bad_news(wording, facts)
        )
        until, lead = facts.until(), _owner(facts)
    return Message(
        alert_id=alert.alert_id,
        title=title,
        severity=alert.severity,
        what=what,
        why=why,
        todo=todo,
        until=until,
        fields=lead + fields,
        buyer_text=buyer_text,
        buttons=_buttons(facts, desk_url, order_url),
        mentions=mentions,
        solved=solved,
        language=catalogue.language,
        labels=Labels(
            why=catalogue.labels["why"],
            todo=catalogue.labels["todo"],
            until=catalogue.labels["until"],
            buyer_text=catalogue.labels["buyer_text"],
            severity=catalogue.severity_words[alert.severity],
            more=catalogue.labels["more"],
        ),
    )


def _owner(facts: Facts) -> tuple[Field, ...]:
    """Who answers for the case; it stands before all other fields."""
    owner = facts.text("owner")
    return (Field(facts.catalogue.field_labels["owner"], owner),) if owner else ()


def _follow_up(facts: Facts, wording: Wording, words: Mapping[str, str | None]) -> Said:
    # Most runs tell of news: they load none of this.
    from aftersales.messages.follow_ups import follow_up, words_for

    catalogue = facts.catalogue

    def titled(one: Alert, shop: str) -> str:
        kind = catalogue.kinds.get(one.kind, catalogue.other)
        return fill(kind.title, _words(Facts.of(one, catalogue, facts.clock), shop))

    return follow_up(facts, wording, words, words_for(LANGUAGES[catalogue.language]), titled)


def _words(facts: Facts, shop_name: str) -> dict[str, str | None]:
    """What each place of a sentence holds; see `catalogue.PLACES`."""
    alert, catalogue, clock = facts.alert, facts.catalogue, facts.clock
    code, waybill = facts.text("courier"), facts.text("waybill_number")
    courier = display_name(code, catalogue.language) if code else None
    elapsed = facts.elapsed()
    confirm_at = facts.time("auto_confirm_at")
    behind = facts.number("behind_minutes")
    source = facts.text("source")
    lost = facts.text("reason") in (Reason.LOST, Reason.DESTROYED)
    ends_at = facts.time("expires_at")
    return {
        "shop": shop_name.strip()
        or facts.text("shop_name")
        or alert.shop_id
        or facts.text("shop_id"),
        "orders": _order_list(facts),
        "courier": courier,
        "waybill": waybill,
        "parcel": " ".join(part for part in (courier, waybill) if part),
        "status": facts.word("status", catalogue.status_words),
        "reason": facts.word("reason", catalogue.reason_words),
        "loss": facts.word("reason", catalogue.reason_words) if lost else None,
        "how": facts.word("delivered_how", catalogue.delivered_how_words),
        "last_at": facts.moment("last_event_at"),
        "last_place": _place(facts),
        "since": facts.moment("since"),
        "lasted": clock.length(elapsed) if elapsed else None,
        "brief": clock.length(elapsed, parts=1) if elapsed else None,
        "region": catalogue.region_separator.join(
            part for part in dict.fromkeys((facts.text("province"), facts.text("city"))) if part
        ),
        "attempts": facts.counted("failed_attempts", "attempts"),
        "auto_confirm_at": clock.moment(confirm_at) if confirm_at else None,
        "auto_confirm_left": clock.length(confirm_at - clock.now, parts=1) if confirm_at else None,
        "extend_days": clock.length(timedelta(days=facts.number("extend_days") or 0)) or None,
        "source": catalogue.source_words.get(source, source) if source else None,
        "target": facts.text("target"),
        "feed": facts.masked("feed"),
        "rows": facts.counted("count", "rows"),
        "file": facts.masked("file"),
        "year": facts.text("year"),
        "behind": clock.length(timedelta(minutes=behind)) if behind else None,
        "open_for": clock.length(alert.at - alert.opened_at),
        "severity": catalogue.severity_words[alert.severity],
        **order_words(facts),
        **review_words(facts),
        **bill_words(facts),
        **_quota_words(facts),
        "token_ends_at": clock.moment(ends_at) if ends_at else None,
        "token_left": clock.length(ends_at - clock.now, parts=1) if ends_at else None,
    }


def _quota_words(facts: Facts) -> dict[str, str | None]:
    percent, calls = facts.number("quota_percent"), facts.number("quota_calls")
    return {
        "quota_share": f"{percent}%" if percent else None,
        "quota_calls": f"{calls:,}" if calls else None,
        "quota_ends_at": facts.moment("quota_ends_at"),
        "quota_guessed_on": facts.text("quota_guessed_on"),
    }


def _order_list(facts: Facts) -> str | None:
    orders = facts.orders()
    shown = facts.catalogue.list_separator.join(orders[:ORDERS_SHOWN])
    more = len(orders) - ORDERS_SHOWN
    return shown + (facts.catalogue.more_orders.format(n=more) if more > 0 else "")


def _place(facts: Facts) -> str | None:
    """The last scan's place, fit to stand inside a sentence."""
    place = facts.masked("last_event_place")
    return place.strip("，,。.；; ") if place else None


def _bad_news(wording: Wording, facts: Facts) -> tuple[str, str, str, str, str]:
    """Title, what, why, todo and buyer text of an opened or escalated case, not yet filled."""
    catalogue, severity = facts.catalogue, facts.alert.severity
    if facts.alert.transition is not Transition.ESCALATED:
        title = catalogue.severity_prefixes[severity] + wording.title
        return title, wording.what, wording.why, wording.todo, wording.buyer_text
    return (
        catalogue.escalated_prefixes[severity] + wording.title,
        wording.escalated_what or catalogue.escalated_lead + wording.what,
        wording.why,
        wording.escalated_todo or wording.todo,
        wording.escalated_buyer_text or wording.buyer_text,
    )


def _good_news(wording: Wording, facts: Facts) -> tuple[str, str]:
    """Title and what of a solved case, not yet filled. How it ended counts before what it was."""
    catalogue, kind = facts.catalogue, facts.alert.kind
    title, what = wording.solved_title, wording.solved_what
    resolution = facts.text("resolution") or facts.text("status") or ""
    extended = kind == "receipt_auto_confirm" and resolution == "no_longer_applies"
    if kind not in _OWN_GOOD_NEWS and not extended:
        title, what = catalogue.solved_by_resolution.get(resolution, (title, what))
    return catalogue.solved_prefix + title, what + catalogue.solved_tail


def _fields(facts: Facts, words: Mapping[str, str | None], *, solved: bool) -> tuple[Field, ...]:
    """The known facts with their labels, in reading order. Good news keeps what is still true."""
    catalogue, kind = facts.catalogue, facts.alert.kind

    def noted(
        text: str | None, note: str | None, pattern: str = catalogue.in_brackets
    ) -> str | None:
        return pattern.format(text=text, note=note) if text and note else text

    def listed(*parts: str | None) -> str:
        return catalogue.parts_separator.join(part for part in parts if part)

    limit = facts.number("threshold_hours")
    threshold = facts.clock.length(timedelta(hours=limit)) if limit else None
    operators = kind in OPERATOR_KINDS
    reason = None if words["reason"] == words["status"] else words["reason"]
    answer = listed(facts.masked("code"), facts.masked("message"))
    if kind == "number_rejected" and not words["reason"]:
        answer = answer or facts.masked("reason") or ""
    place, scan = words["last_place"], facts.masked("last_event_text")
    said = place and scan and place in scan
    values = {
        "shop": words["shop"],
        "orders": words["orders"],
        "courier": words["courier"],
        "waybill": words["waybill"],
        "status": noted(words["status"], reason),
        "last_scan": listed(words["last_at"], None if said else place, scan),
        "since": words["since"] if operators else None,
        "lasted": noted(words["lasted"], threshold, catalogue.lasted_of),
        "region": words["region"],
        "attempts": words["attempts"],
        "auto_confirm_at": words["auto_confirm_at"],
        "source": words["source"] if kind in _ABOUT_THE_SOURCE else None,
        "target": words["target"],
        "feed": words["feed"],
        "file": words["file"],
        "behind": words["behind"],
        "rows": words["rows"] if operators else None,
        "answer": answer,
        "examples": facts.masked("examples", EXAMPLES_LIMIT),
        **order_values(facts, words),
        **review_values(facts, words),
        **bill_values(facts, words),
    }
    listed_orders = listed_fields(facts, words["shop"] or "", solved=solved)
    if listed_orders:
        del values["orders"]
    plain = tuple(
        Field(catalogue.field_labels[name], value)
        for name, value in values.items()
        if value and not (solved and name not in _STILL_TRUE_WHEN_SOLVED)
    )
    return plain + listed_orders


def _buttons(facts: Facts, desk_url: str, order_url: str) -> tuple[Button, ...]:
    """Links that lead somewhere: one to an order needs its number."""
    orders = facts.orders()
    if "{order_id}" in order_url:
        order_url = order_url.replace("{order_id}", quote(orders[0], safe="")) if orders else ""
    links = ((facts.catalogue.open_case, desk_url), (facts.catalogue.open_order, order_url))
    return (*review_buttons(facts), *(Button(label, url) for label, url in links if url))
