"""Texts to buyers, beside the nudge to the agents: read again, claimed, sent, recorded.

The order is read once more, with the number, right before its text. The claim is one transaction
on condition that the order is as it was judged; it is taken before the text is sent and never given
back. So a run that dies in between has sent one text or none, and nobody sends a second one. The
nudge that follows says what became of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime
from functools import partial

from msgspec import Struct
from msgspec.structs import replace
from pynamodb.transactions import TransactWrite

from aftersales import sms
from aftersales.calendar import ShopCalendar, zone_named
from aftersales.errors import BadInput, Conflict
from aftersales.money import to_text
from aftersales.platforms.contact import Contact
from aftersales.tables import orders, reminders, texts
from aftersales.tables.orders import Kept
from aftersales.tables.reminders import Counted
from aftersales.unpaid import waits_for_payment
from unpaid_reminder.desk import Desk
from unpaid_reminder.phone_texts import PhoneTexts, send_text, sns_client
from unpaid_reminder.selection import Judged
from unpaid_reminder.text_rules import (
    REFUSED,
    UNKNOWN,
    Texted,
    TextReason,
    ToSend,
    decide_text,
    may_begin,
)

AT_ONCE = 8
"""Orders read, and texts sent, side by side; between reading and sending lies little time."""


class _Ready(Struct, frozen=True):
    """An order whose text may go, or what stands against it."""

    judged: Judged
    text: ToSend | Texted | None


def text_buyers(desk: Desk, nudges: Sequence[Judged], now: datetime) -> list[Judged]:
    """Send the texts that go with these nudges; returns the nudges with what became of them.

    A nudge whose order has meanwhile been paid or closed is not among them: the next run settles
    it.
    """
    found: list[Judged] = []
    wanted = [judged for judged in nudges if _wants_text(desk, judged)]
    if not wanted:
        return list(nudges)
    client = desk.sns or sns_client()
    texted: dict[str, Judged | None] = {}
    with ThreadPoolExecutor(AT_ONCE) as pool:
        for start in range(0, len(wanted), AT_ONCE):
            some = wanted[start : start + AT_ONCE]
            # A large run takes its minutes; the window closes by the clock, not by its beginning.
            at = max(now, desk.business_now())
            ready = list(pool.map(partial(_prepared, desk, now=at), some))
            claimed = [_claimed(desk, one, at) for one in ready]
            # Recorded by one thread: all of them would write the same counts.
            for sent in pool.map(partial(_sent, desk, client), claimed):
                done = _recorded(desk, sent, at)
                texted[_name(done.judged)] = _with_result(done)
    for judged in nudges:
        result = texted.get(_name(judged), judged)
        if result is not None:
            found.append(result)
    return found


def _wants_text(desk: Desk, judged: Judged) -> bool:
    wanted = desk.settings.shop(judged.kept.order.shop_id).buyer_sms
    return wanted.enabled and judged.facts.moment.name in wanted.moments


def _prepared(desk: Desk, judged: Judged, *, now: datetime) -> _Ready:
    """What is known before the claim. `text` None: the order has ended."""
    order = judged.kept.order
    shop = desk.settings.shop(order.shop_id)
    wanted = shop.buyer_sms
    zone = shop.time_zone or desk.settings.time_zone
    opens = ShopCalendar(zone, service_hours=wanted.send_window).next_service_moment(now)
    against = may_begin(judged.kept.buyer_key, opens, now)
    if against is not None:
        return _Ready(judged, _not_sent(against))
    contact = desk.contact(order, wanted.consent_field)
    if contact is None:
        return _Ready(judged, _not_sent(TextReason.CANNOT_REREAD))
    if not waits_for_payment(contact.order):
        with suppress(Conflict):  # others store the same news
            orders.merge(contact.order, now, settings=desk.settings)
        return _Ready(judged, None)
    language = shop.language or desk.settings.language
    template = wanted.texts.get(language) or sms.TEXTS.get(language, "")
    do_not_contact = desk.settings.reminder_rules(shop.id).do_not_contact
    decided = decide_text(
        wanted, contact, template, _values(desk, judged, contact, zone), do_not_contact
    )
    return _Ready(judged, decided if isinstance(decided, ToSend) else _not_sent(decided))


def _values(desk: Desk, judged: Judged, contact: Contact, zone: str) -> dict[str, str | None]:
    """What a text may name. A closing time only where the platform itself said it."""
    order = contact.order
    shop = desk.settings.shop(order.shop_id)
    pay_by = order.pay_by.astimezone(zone_named(zone)) if order.pay_by else None
    amount = None
    if order.amount_minor is not None:
        try:
            amount = to_text(order.amount_minor, order.currency or shop.currency)
        except BadInput:
            amount = None
    return {
        "shop": shop.name or None,
        "order_id": judged.kept.order.order_id,
        "amount": amount,
        "pay_by": f"{pay_by:%m-%d %H:%M}" if pay_by else None,
        "pay_url": contact.pay_url or None,
    }


def _claimed(desk: Desk, ready: _Ready, now: datetime) -> _Ready:
    """The same order with the right to send, or with what stands against it."""
    if not isinstance(ready.text, ToSend):
        return ready
    kept, moment = ready.judged.kept, ready.judged.facts.moment.name
    limits = _limits(desk, kept, ready.text.parts, now)
    against = texts.claim(kept, moment, limits, now)
    if not against:
        return ready
    if against == "known":
        return _Ready(ready.judged, _known(kept, moment))
    return _Ready(ready.judged, _not_sent(TextReason(against)))


def _limits(desk: Desk, kept: Kept, parts: int, now: datetime) -> texts.Limits:
    """Days are those of the shop; months are those in which AWS counts (UTC).

    Each part is paid for: whether `MaxPrice` holds for a part or for the whole is not documented,
    so the month reckons with the worse of the two.
    """
    shop = desk.settings.shop(kept.order.shop_id)
    day = now.astimezone(zone_named(shop.time_zone or desk.settings.time_zone))
    return texts.Limits(
        day=f"{day:%Y-%m-%d}",
        daily_cap=shop.buyer_sms.daily_cap,
        month=f"{now.astimezone(UTC):%Y-%m}",
        price=round(shop.buyer_sms.max_price_usd * texts.MILLIONTHS) * parts,
        month_limit=round(shop.buyer_sms.month_limit_usd * texts.MILLIONTHS),
    )


def _known(kept: Kept, moment: str) -> Texted:
    """What an earlier run made of this text. One that was begun and not recorded may have gone."""
    state, reason = texts.outcome(kept, moment)
    return Texted(UNKNOWN if state == texts.CLAIMED else state, reason, counted=True)


def _sent(desk: Desk, client: PhoneTexts, ready: _Ready) -> tuple[_Ready, Texted | None]:
    """Send what is claimed: the order, and what has just become of its text (None: nothing)."""
    if not isinstance(ready.text, ToSend):
        return ready, None
    shop = desk.settings.shop(ready.judged.kept.order.shop_id)
    return ready, send_text(client, ready.text, shop.buyer_sms)


def _recorded(desk: Desk, sent: tuple[_Ready, Texted | None], now: datetime) -> _Ready:
    """Note what became of a text, and count it, at once."""
    ready, done = sent
    if done is None:
        return ready
    kept, moment = ready.judged.kept, ready.judged.facts.moment.name
    part = orders.unpaid_shard(kept.order.shop_id, kept.order.order_id)

    def count(transaction: TransactWrite) -> None:
        for what, number in done.counts.items():
            counted = Counted(kept.order.shop_id, what, "", number)
            reminders.add_count(transaction, desk.week_of(now), part, counted, now)

    counted = texts.record(kept, moment, done.state, done.reason, count)
    return _Ready(ready.judged, replace(done, counted=counted))


def _with_result(done: _Ready) -> Judged | None:
    if done.text is None:
        return None
    assert isinstance(done.text, Texted)  # noqa: S101 - every text to be sent has been
    return replace(done.judged, texted=done.text)


def _not_sent(reason: TextReason) -> Texted:
    return Texted(REFUSED, reason.value)


def _name(judged: Judged) -> str:
    return f"{judged.kept.order.shop_id}#{judged.kept.order.order_id}"
