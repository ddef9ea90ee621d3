"""The reminder's decisions: a table of reasons, and what holds whatever the facts are."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from aftersales.parcels import Order, OrderLine, OrderStatus, RefundStatus
from aftersales.settings.model import Reminder, Shop
from aftersales.unpaid import (
    LEAST_LEFT,
    Moment,
    Reminding,
    attention_at,
    buyer_key,
    closes_at,
    due_moment,
    in_holdout,
    moments,
)
from unpaid_reminder.rules import Decision, Facts, Outcome, Reason, Reread, decide

NOON = datetime(2026, 11, 3, 4, 0, tzinfo=UTC)
RULES = Reminder()


def minutes(count: float) -> timedelta:
    return timedelta(minutes=count)


def hours(count: float) -> timedelta:
    return timedelta(hours=count)


def an_order(**values: Any) -> Order:
    defaults: dict[str, Any] = {
        "shop_id": "tb1",
        "order_id": "2611030001",
        "status": OrderStatus.UNPAID,
        "created_at": NOON - minutes(20),
        "pay_by": NOON + hours(23),
        "amount_minor": 12900,
        "currency": "CNY",
        "buyer_ref": "linlin_88",
        "lines": (OrderLine("陶瓷杯", 2, sku="cup-red"),),
    }
    return Order(**{**defaults, **values})


def facts(order: Order | None = None, **values: Any) -> Facts:
    order = order or an_order()
    defaults: dict[str, Any] = {
        "moment": Moment("first", NOON),
        "closes_at": order.pay_by,
        "due_at": NOON,
        "opens_at": NOON,
        "begun_at": NOON - timedelta(days=30),
        "buyer_key": "b1",
        "reread": Reread.FRESH,
    }
    return Facts(order=order, **{**defaults, **values})


def bought(**values: Any) -> Order:
    return an_order(
        order_id="2611030002",
        status=OrderStatus.PAID,
        created_at=NOON - minutes(10),
        paid_at=NOON - minutes(9),
        **values,
    )


TWO_CUPS = (OrderLine("陶瓷杯", 1, sku="cup-red"), OrderLine("杯垫", 1, sku="mat"))

CASES: list[tuple[str, Facts, Decision]] = [
    ("nothing speaks against it", facts(), Decision(Outcome.NUDGE, Reason.DUE)),
    (
        "the platform says it is paid",
        facts(told=an_order(status=OrderStatus.PAID)),
        Decision(Outcome.SKIP, Reason.PAID),
    ),
    (
        "a webhook was faster than the platform's own answer",
        facts(an_order(status=OrderStatus.PAID), told=an_order()),
        Decision(Outcome.SKIP, Reason.PAID),
    ),
    (
        "a time of payment is stronger than a status",
        facts(an_order(paid_at=NOON - minutes(1))),
        Decision(Outcome.SKIP, Reason.PAID),
    ),
    (
        "the buyer closed it",
        facts(an_order(status=OrderStatus.CLOSED)),
        Decision(Outcome.SKIP, Reason.CLOSED),
    ),
    (
        "its time is over",
        facts(an_order(pay_by=NOON)),
        Decision(Outcome.EXPIRE, Reason.CLOSED),
    ),
    (
        "cash on delivery",
        facts(an_order(needs_payment=False)),
        Decision(Outcome.SKIP, Reason.NO_PAYMENT_NEEDED),
    ),
    (
        "placed before the reminder first ran",
        facts(begun_at=NOON - minutes(5)),
        Decision(Outcome.SKIP, Reason.BACKLOG),
    ),
    (
        "nobody knows when it was placed",
        facts(an_order(created_at=None)),
        Decision(Outcome.SKIP, Reason.BACKLOG),
    ),
    (
        "nothing to pay",
        facts(an_order(amount_minor=0)),
        Decision(Outcome.SKIP, Reason.AMOUNT_OUT_OF_BOUNDS),
    ),
    (
        "below the smallest amount",
        facts(min_minor=20000),
        Decision(Outcome.SKIP, Reason.AMOUNT_OUT_OF_BOUNDS),
    ),
    (
        "above the largest amount",
        facts(max_minor=10000),
        Decision(Outcome.SKIP, Reason.AMOUNT_OUT_OF_BOUNDS),
    ),
    (
        "an unknown amount is no reason",
        facts(an_order(amount_minor=None), min_minor=20000),
        Decision(Outcome.NUDGE, Reason.DUE),
    ),
    (
        "the buyer asks for the money of another order",
        facts(others=(an_order(order_id="9", refund=RefundStatus.OPEN),)),
        Decision(Outcome.SKIP, Reason.REFUND_OR_DISPUTE_OPEN),
    ),
    (
        "bought and paid again",
        facts(others=(bought(),)),
        Decision(Outcome.SKIP, Reason.BOUGHT_AGAIN),
    ),
    (
        "bought and paid again, with something else",
        facts(others=(bought(lines=TWO_CUPS),)),
        Decision(Outcome.SKIP, Reason.BOUGHT_AGAIN),
    ),
    (
        "only a part of it was bought again",
        facts(an_order(lines=TWO_CUPS), others=(bought(),)),
        Decision(Outcome.NUDGE, Reason.DUE),
    ),
    (
        "the same was bought long before",
        facts(others=(replace(bought(), paid_at=NOON - hours(30), created_at=NOON - hours(31)),)),
        Decision(Outcome.NUDGE, Reason.DUE),
    ),
    (
        "reminded of another order yesterday evening",
        facts(buyer_reminded_at=NOON - hours(16)),
        Decision(Outcome.SKIP, Reason.REMINDED_RECENTLY),
    ),
    (
        "reminded a day ago",
        facts(buyer_reminded_at=NOON - hours(24)),
        Decision(Outcome.NUDGE, Reason.DUE),
    ),
    (
        "the window opens later",
        facts(opens_at=NOON + hours(5)),
        Decision(Outcome.WAIT, Reason.OUTSIDE_WINDOW, NOON + hours(5)),
    ),
    (
        "the order closes before the window opens",
        facts(an_order(pay_by=NOON + hours(4)), opens_at=NOON + hours(5)),
        Decision(Outcome.EXPIRE, Reason.OUTSIDE_WINDOW),
    ),
    (
        "an outage of half an hour is caught up",
        facts(due_at=NOON - minutes(30)),
        Decision(Outcome.NUDGE, Reason.DUE),
    ),
    (
        "an outage of half a day is not",
        facts(due_at=NOON - hours(12)),
        Decision(Outcome.SKIP, Reason.TOO_LATE),
    ),
    (
        "no time is left to pay",
        facts(an_order(pay_by=NOON + minutes(1))),
        Decision(Outcome.EXPIRE, Reason.TOO_LATE),
    ),
    (
        "the platform does not answer now",
        facts(reread=Reread.LATER),
        Decision(Outcome.WAIT, Reason.CANNOT_REREAD),
    ),
    (
        "the platform will not tell",
        facts(reread=Reread.REFUSED),
        Decision(Outcome.SKIP, Reason.CANNOT_REREAD),
    ),
    (
        "the platform told a state that is new to us",
        facts(an_order(status=OrderStatus.UNKNOWN)),
        Decision(Outcome.SKIP, Reason.CANNOT_REREAD),
    ),
    (
        "a shop known by files",
        facts(reread=Reread.ONLY_FILES),
        Decision(Outcome.NUDGE, Reason.DUE),
    ),
]


@pytest.mark.parametrize(
    ("given_facts", "decision"), [c[1:] for c in CASES], ids=[c[0] for c in CASES]
)
def test_a_moment_is_decided(given_facts: Facts, decision: Decision) -> None:
    assert decide(given_facts, RULES, NOON) == decision


def test_who_asked_not_to_be_contacted_is_not() -> None:
    rules = Reminder(do_not_contact=("linlin_88",))
    assert decide(facts(), rules, NOON).reason is Reason.DO_NOT_CONTACT


def test_every_reason_has_a_row_in_the_table() -> None:
    shown = {case[2].reason for case in CASES} | {Reason.DO_NOT_CONTACT, Reason.HELD_OUT}
    assert shown == set(Reason)


def test_the_holdout_takes_its_share_and_always_the_same_buyers() -> None:
    keys = [f"buyer{n}" for n in range(4000)]
    held = [key for key in keys if in_holdout(key, 10)]
    assert 320 < len(held) < 480
    assert set(held) <= {key for key in keys if in_holdout(key, 20)}
    assert not any(in_holdout(key, 0) for key in keys)
    assert all(in_holdout(key, 100) for key in keys)


def test_a_held_out_buyer_is_held_out_only_where_a_nudge_would_go_out() -> None:
    rules = Reminder(holdout_percent=100)
    assert decide(facts(), rules, NOON) == Decision(Outcome.HOLDOUT, Reason.HELD_OUT)
    late = facts(due_at=NOON - hours(12))
    assert decide(late, rules, NOON).reason is Reason.TOO_LATE


# ------------------------------------------------------------------------------ moments


def test_an_order_has_a_moment_after_it_was_placed_and_one_before_it_closes() -> None:
    order = an_order(created_at=NOON, pay_by=NOON + hours(24))
    assert moments(order, RULES, "taobao") == (
        Moment("first", NOON + minutes(20)),
        Moment("last", NOON + hours(23)),
    )


def test_moments_of_the_same_few_minutes_fall_together() -> None:
    starts = [NOON + timedelta(seconds=s) for s in (1, 100, 299)]
    first = {moments(an_order(created_at=at, pay_by=None), RULES, "file")[0].at for at in starts}
    assert first == {NOON + minutes(25)}


def test_a_flash_sale_has_shorter_moments_to_the_minute() -> None:
    order = an_order(created_at=NOON + timedelta(seconds=20), pay_by=NOON + minutes(30))
    assert moments(order, RULES, "taobao") == (
        Moment("first", NOON + minutes(6)),
        Moment("last", NOON + minutes(22)),
    )


@pytest.mark.parametrize(
    ("platform", "rules", "expected"),
    [
        ("tmall", RULES, hours(24)),
        ("douyin", RULES, minutes(30)),
        ("woocommerce", RULES, None),
        ("woocommerce", Reminder(pay_within_minutes=60), hours(1)),
        ("taobao", Reminder(pay_within_minutes=15), minutes(15)),
    ],
)
def test_the_time_to_pay_is_the_settings_or_the_platforms(
    platform: str, rules: Reminder, expected: timedelta | None
) -> None:
    order = an_order(created_at=NOON, pay_by=None)
    assert closes_at(order, rules, platform) == (NOON + expected if expected else None)


def test_the_platforms_own_word_counts_most() -> None:
    order = an_order(created_at=NOON, pay_by=NOON + hours(72))
    assert closes_at(order, Reminder(pay_within_minutes=60), "taobao") == NOON + hours(72)


instants = st.datetimes(
    min_value=datetime(2026, 1, 1), max_value=datetime(2026, 12, 31), timezones=st.just(UTC)
)
lengths = st.floats(min_value=0, max_value=3 * 24 * 60)
reminders = st.builds(
    Reminder,
    first_minutes=lengths,
    last_minutes=lengths,
    flash_term_minutes=lengths,
    flash_first_minutes=lengths,
    flash_last_minutes=lengths,
    gather_minutes=st.integers(1, 60),
    too_late_minutes=lengths,
    buyer_gap_hours=st.floats(min_value=0, max_value=100),
    holdout_percent=st.floats(min_value=0, max_value=100),
)


@given(created=instants, term=lengths, rules=reminders)
def test_moments_lie_inside_the_life_of_the_order(
    created: datetime, term: float, rules: Reminder
) -> None:
    order = an_order(created_at=created, pay_by=created + minutes(term))
    found = moments(order, rules, "taobao")
    assert [m.at for m in found] == sorted(m.at for m in found)
    assert len({m.name for m in found}) == len(found) <= 2
    for moment in found:
        assert created <= moment.at <= created + minutes(term) - LEAST_LEFT


@given(created=instants, term=lengths, rules=reminders, later=lengths)
def test_a_moment_that_is_done_with_never_comes_back(
    created: datetime, term: float, rules: Reminder, later: float
) -> None:
    order = an_order(created_at=created, pay_by=created + minutes(term))
    now = created + minutes(later)
    seen, done = [], Reminding()
    while (moment := due_moment(order, done, rules, "taobao", now)) is not None:
        seen.append(moment)
        done = replace(done, handled_until=moment.at)
        assert len(seen) <= 2
    assert len({m.name for m in seen}) == len(seen)
    at = attention_at(order, done, rules, "taobao", now, connected=True)
    assert at is None or at > now


orders = st.builds(
    an_order,
    status=st.sampled_from(OrderStatus),
    created_at=st.none() | instants,
    paid_at=st.none() | instants,
    pay_by=st.none() | instants,
    amount_minor=st.none() | st.integers(-5, 10**7),
    needs_payment=st.booleans(),
    refund=st.sampled_from(RefundStatus),
    lines=st.sampled_from([(), TWO_CUPS, TWO_CUPS[:1]]),
)


@given(
    order=orders,
    told=st.none() | orders,
    others=st.lists(orders, max_size=3).map(tuple),
    times=st.tuples(*[instants] * 5),
    reminded=st.none() | instants,
    reread=st.sampled_from(Reread),
    rules=reminders,
)
def test_whatever_the_facts_nobody_who_paid_is_nudged_and_every_outcome_has_a_reason(
    order: Order,
    told: Order | None,
    others: tuple[Order, ...],
    times: tuple[datetime, ...],
    reminded: datetime | None,
    reread: Reread,
    rules: Reminder,
) -> None:
    now, due, opens, begun, moment_at = times
    decision = decide(
        Facts(
            order=order,
            moment=Moment("first", moment_at),
            closes_at=order.pay_by,
            due_at=due,
            opens_at=opens,
            begun_at=begun,
            buyer_reminded_at=reminded,
            others=others,
            reread=reread,
            told=told,
        ),
        rules,
        now,
    )
    assert decision.reason in Reason
    assert (decision.outcome is Outcome.WAIT) == (
        decision.until is not None or decision == Decision(Outcome.WAIT, Reason.CANNOT_REREAD)
    )
    if decision.outcome not in (Outcome.NUDGE, Outcome.HOLDOUT):
        return
    for seen in filter(None, (order, told)):
        assert seen.paid_at is None
        assert seen.status in (OrderStatus.UNPAID, OrderStatus.UNKNOWN)
    assert order.status is OrderStatus.UNPAID
    assert opens <= now
    assert order.pay_by is None or now < order.pay_by
    assert order.created_at is not None
    assert order.created_at >= begun
    assert reminded is None or now - reminded >= timedelta(hours=rules.buyer_gap_hours)
    assert reread in (Reread.FRESH, Reread.ONLY_FILES, Reread.NOT_YET)


# ------------------------------------------------------------------------------ attention


def test_an_order_is_looked_at_first_at_its_first_moment() -> None:
    order = an_order(created_at=NOON)
    assert attention_at(
        order, Reminding(), RULES, "taobao", NOON, connected=True
    ) == NOON + minutes(20)


def test_an_order_that_closed_long_ago_is_no_missed_run() -> None:
    old = an_order(created_at=NOON - timedelta(days=40), pay_by=None)
    assert attention_at(old, Reminding(), RULES, "taobao", NOON, connected=False) is None
    assert attention_at(old, Reminding(), RULES, "file", NOON, connected=False) is None


def test_a_nudged_order_is_looked_at_when_it_ends_and_once_more_where_nobody_tells() -> None:
    order = an_order(created_at=NOON, pay_by=NOON + hours(2))
    done = Reminding(handled_until=NOON + hours(2), group="reminded", since=NOON)
    at = attention_at(order, done, RULES, "taobao", NOON, connected=True)
    assert at == NOON + hours(2) + minutes(30)
    paid = replace(order, status=OrderStatus.PAID)
    assert attention_at(paid, done, RULES, "taobao", NOON, connected=True) == NOON
    settled = replace(done, settled="paid")
    assert attention_at(paid, settled, RULES, "taobao", NOON, connected=True) is None


def test_nobody_looks_where_the_reminder_is_switched_off() -> None:
    off = msgspec.structs.replace(RULES, enabled=False)
    assert attention_at(an_order(), Reminding(), off, "taobao", NOON, connected=True) is None


def test_a_buyer_is_one_person_in_all_shops_of_a_platform_and_nowhere_else() -> None:
    def key(shop_id: str, platform: str, name: str = "linlin_88") -> str:
        order = an_order(shop_id=shop_id, buyer_ref=name)
        return buyer_key(order, Shop(id=shop_id, platform=platform))

    assert key("a", "taobao") == key("b", "tmall")
    assert key("a", "taobao") != key("a", "jd")
    assert key("a", "woocommerce") != key("b", "woocommerce")
    assert key("a", "taobao", "") == ""
    assert "linlin" not in key("a", "taobao")
