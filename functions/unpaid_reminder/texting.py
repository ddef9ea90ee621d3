"""Texts to buyers, beside the nudge to the agents: read again, claimed, sent, recorded.

The order is read once more, with the number, right before its text. The claim is one transaction
on condition that the order is as it was judged; it is taken before the text is sent and never given
back. So a run that dies in between has sent one text or none, and nobody sends a second one. The
nudge that follows says what became of it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime

from msgspec import Struct
from msgspec.structs import replace
from pynamodb.transactions import TransactWrite

from aftersales import sms
from aftersales.calendar import ShopCalendar, zone_named
from aftersales.errors import AftersalesError, BadInput, Conflict
from aftersales.money import to_text
from aftersales.platforms.contact import Contact
from aftersales.settings.model import BuyerSms
from aftersales.tables import orders, reminders, texts
from aftersales.tables.connection import connection
from aftersales.tables.orders import Kept
from aftersales.tables.reminders import Counted
from aftersales.unpaid import waits_for_payment
from unpaid_reminder.desk import Desk
from unpaid_reminder.phone_texts import PhoneTexts, send_text, sns_client
from unpaid_reminder.selection import Judged
from unpaid_reminder.text_rules import (
    REFUSED,
    SENT,
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
            ready = list(pool.map(lambda judged: _prepared(desk, judged, now), some))
            claimed = [_claimed(desk, one, now) for one in ready]
            for done in pool.map(lambda one: _sent(desk, client, one, now), claimed):
                texted[_name(done.judged)] = _with_result(done)
    for judged in nudges:
        result = texted.get(_name(judged), judged)
        if result is not None:
            found.append(result)
    return found


def _wants_text(desk: Desk, judged: Judged) -> bool:
    wanted = desk.settings.shop(judged.kept.order.shop_id).buyer_sms
    return wanted.enabled and judged.facts.moment.name in wanted.moments


def _prepared(desk: Desk, judged: Judged, now: datetime) -> _Ready:
    """What is known before the claim. `text` None: the order has ended."""
    order = judged.kept.order
    shop = desk.settings.shop(order.shop_id)
    wanted = shop.buyer_sms
    zone = shop.time_zone or desk.settings.time_zone
    opens = ShopCalendar(zone, service_hours=wanted.send_window).next_service_moment(now)
    against = may_begin(judged.kept.buyer_key, opens, now)
    if against is not None:
        return _Ready(judged, _not_sent(against))
    contact = _contact(desk, judged, wanted)
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


def _contact(desk: Desk, judged: Judged, wanted: BuyerSms) -> Contact | None:
    try:
        platform = desk.platform(judged.kept.order.shop_id)
        # Of connectors that can tell a number, few do: see `TellsContact`.
        ask: Callable[[str, str], Contact] | None = getattr(platform, "contact", None)
        return ask(judged.kept.order.order_id, wanted.consent_field) if ask else None
    except AftersalesError:
        return None


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
    against = texts.claim(kept, moment, _limits(desk, kept, now), now)
    if not against:
        return ready
    if against == "known":
        return _Ready(ready.judged, _known(kept, moment))
    reason = {"daily_cap": TextReason.DAILY_CAP, "month_limit": TextReason.MONTH_LIMIT}
    return _Ready(ready.judged, _not_sent(reason.get(against, TextReason.CHANGED)))


def _limits(desk: Desk, kept: Kept, now: datetime) -> texts.Limits:
    """Days are those of the shop; months are those in which AWS counts (UTC)."""
    shop = desk.settings.shop(kept.order.shop_id)
    day = now.astimezone(zone_named(shop.time_zone or desk.settings.time_zone))
    return texts.Limits(
        day=f"{day:%Y-%m-%d}",
        daily_cap=shop.buyer_sms.daily_cap,
        month=f"{now.astimezone(UTC):%Y-%m}",
        price=round(shop.buyer_sms.max_price_usd * texts.MILLIONTHS),
        month_limit=round(shop.buyer_sms.month_limit_usd * texts.MILLIONTHS),
    )


def _known(kept: Kept, moment: str) -> Texted:
    """What an earlier run made of this text. One that was begun and not recorded may have gone."""
    state, reason = texts.outcome(kept, moment)
    return Texted(UNKNOWN if state == texts.CLAIMED else state, reason, counted=True)


def _sent(desk: Desk, client: PhoneTexts, ready: _Ready, now: datetime) -> _Ready:
    if not isinstance(ready.text, ToSend):
        return ready
    order = ready.judged.kept.order
    done = send_text(client, ready.text, desk.settings.shop(order.shop_id).buyer_sms)
    part = orders.unpaid_shard(order.shop_id, order.order_id)
    with TransactWrite(connection=connection()) as transaction:
        moment = ready.judged.facts.moment.name
        texts.record(transaction, ready.judged.kept, moment, done.state, done.reason)
        for counted in counted_texts(order.shop_id, done):
            reminders.add_count(transaction, desk.week_of(now), part, counted, now)
    return _Ready(ready.judged, replace(done, counted=True))


def counted_texts(shop_id: str, done: Texted) -> list[Counted]:
    """What a text, or one that did not go, adds to its week."""
    what = f"text_{done.state}_{done.reason}" if done.state == REFUSED else f"text_{done.state}"
    found = [Counted(shop_id, what, "", 1)]
    if done.parts and done.state in (SENT, UNKNOWN):
        found.append(Counted(shop_id, "text_parts", "", done.parts))
    return found


def _with_result(done: _Ready) -> Judged | None:
    if done.text is None:
        return None
    assert isinstance(done.text, Texted)  # noqa: S101 - every text to be sent has been
    return replace(done.judged, texted=done.text)


def _not_sent(reason: TextReason) -> Texted:
    return Texted(REFUSED, reason.value)


def _name(judged: Judged) -> str:
    return f"{judged.kept.order.shop_id}#{judged.kept.order.order_id}"
