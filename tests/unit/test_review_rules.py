"""What a review means for its case: kinds, changes, clocks, hints."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from aftersales.findings import Severity
from aftersales.messages.review_replies import REPLIES, suggested_reply
from aftersales.review_records import ReviewRecord, Verdict
from aftersales.settings.model import Reviews
from review_scanner import texts
from review_scanner.hints import hints_about
from review_scanner.looking import turns
from review_scanner.rules import STRENGTH, Change, change_of, clocks, decide, kind_of

NOW = datetime(2026, 11, 3, 2, 0, tzinfo=UTC)
RULES = Reviews()
GOOD, BAD = Verdict(-4.0, "positive"), Verdict(4.0, "negative")
HIDDEN = Verdict(-1.0, "positive", hidden_complaint=True)
ADVERT, CALL_ME = (
    Verdict(-2.0, "positive", advertising=True),
    Verdict(3.0, "negative", contact=True),
)


def a_record(**changed: object) -> ReviewRecord:
    record = ReviewRecord("tb1", "1", NOW, NOW, rating=5, verdict=GOOD, content_hash="h")
    return replace(record, **changed)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("record", "asks", "kind"),
    [
        (a_record(), False, ""),
        (a_record(rating=1), False, "bad_review"),
        (a_record(rating=3), False, "bad_review"),
        (a_record(rating=4), False, ""),
        (a_record(rating=None), False, ""),
        (a_record(rating=None, verdict=BAD), False, "bad_review"),
        (a_record(verdict=BAD), False, "hidden_complaint"),
        (a_record(verdict=HIDDEN), False, "hidden_complaint"),
        (a_record(rating=None, verdict=HIDDEN), False, "hidden_complaint"),
        (a_record(follow_verdict=BAD), False, "follow_up_turned_bad"),
        (a_record(rating=1, follow_verdict=BAD), False, "bad_review"),
        (a_record(verdict=ADVERT), False, "review_advertising"),
        (a_record(verdict=CALL_ME), False, "hidden_complaint"),
        (a_record(), True, "review_question"),
        (a_record(replied=True), True, ""),
        (a_record(rating=3), True, "review_question"),
        (a_record(rating=3, replied=True), True, ""),
        (a_record(rating=3, verdict=BAD), True, "bad_review"),
        (a_record(rating=2), True, "bad_review"),
        (a_record(verdict=BAD), True, "hidden_complaint"),
    ],
)
def test_a_review_has_one_kind_of_case(record: ReviewRecord, asks: bool, kind: str) -> None:
    assert kind_of(record, RULES, asks=asks) == kind


@pytest.mark.parametrize(
    ("old", "new", "change"),
    [
        (None, a_record(), Change.NEW),
        (a_record(), a_record(), Change.NONE),
        (a_record(), a_record(replied=True), Change.REPLIED),
        (a_record(), a_record(content_hash="x", deleted=True), Change.DELETED),
        (a_record(deleted=True), a_record(content_hash="x"), Change.OTHER),
        (a_record(rating=1), a_record(content_hash="x", rating=5), Change.BETTER),
        (a_record(rating=3), a_record(content_hash="x", rating=1), Change.WORSE),
        (a_record(), a_record(content_hash="x", verdict=BAD), Change.WORSE),
        (a_record(verdict=BAD), a_record(content_hash="x"), Change.BETTER),
        (a_record(), a_record(content_hash="x", verdict=Verdict(-3.8, "positive")), Change.OTHER),
        (a_record(rating=1, verdict=BAD),
         a_record(rating=1, verdict=BAD, follow_verdict=BAD, content_hash="x"), Change.WORSE),
    ],
)  # fmt: skip
def test_a_change_is_named(old: ReviewRecord | None, new: ReviewRecord, change: Change) -> None:
    assert change_of(old, new) is change


def test_a_contact_in_a_complaint_is_urgent_and_no_advertisement() -> None:
    decision = decide(None, a_record(verdict=CALL_ME), RULES)
    assert (decision.kind, decision.severity) == ("hidden_complaint", Severity.ALARM)


def test_a_case_that_an_agent_closed_stays_closed_until_it_gets_worse() -> None:
    old = a_record(rating=2, verdict=BAD, outcome="given_up")
    same = replace(old, content_hash="x", verdict=Verdict(3.9, "negative"))
    worse = replace(old, content_hash="x", rating=1)
    assert decide(old, same, RULES).kind == ""
    assert decide(old, worse, RULES).kind == "bad_review"


COMPLAINT = a_record(rating=1, verdict=BAD, marks=("bad_review:warn",))


@pytest.mark.parametrize(
    ("old", "new", "closed", "open_kind"),
    [
        (COMPLAINT, replace(COMPLAINT, replied=True), "replied", ""),
        # Answered and edited between two looks.
        (COMPLAINT, replace(COMPLAINT, replied=True, content_hash="x"), "replied", ""),
        # Known as answered: the buyer only touched the words.
        (replace(COMPLAINT, replied=True), replace(COMPLAINT, replied=True, content_hash="x"),
         "", "bad_review"),
        # Answered, and then the buyer added a complaint.
        (COMPLAINT, replace(COMPLAINT, replied=True, content_hash="x", follow_verdict=BAD),
         "", "bad_review"),
        (None, a_record(rating=1, verdict=BAD, replied=True), "replied", ""),
        (None, a_record(rating=1, verdict=BAD, replied=True, follow_verdict=BAD),
         "", "bad_review"),
    ],
)  # fmt: skip
def test_a_reply_closes_a_complaint_until_the_buyer_says_worse(
    old: ReviewRecord | None, new: ReviewRecord, closed: str, open_kind: str
) -> None:
    decision = decide(old, new, RULES)
    assert (decision.how, decision.kind) == (closed, open_kind)
    if not open_kind:
        assert decision.outcome == "replied"
        worse = replace(new, marks=(), outcome="replied", content_hash="y", follow_verdict=BAD)
        assert decide(replace(new, marks=(), outcome="replied"), worse, RULES).kind == "bad_review"


def test_where_replies_close_nothing_the_reply_is_noted() -> None:
    answered = replace(COMPLAINT, replied=True)
    decision = decide(COMPLAINT, answered, Reviews(reply_closes=False))
    assert (decision.kind, decision.closes, decision.outcome) == ("bad_review", (), "replied")
    assert decision.note == "replied on the platform"


def test_a_reply_to_an_advertisement_leaves_it_to_be_reported() -> None:
    advert = a_record(verdict=ADVERT, marks=("review_advertising:notice",))
    decision = decide(advert, replace(advert, replied=True), RULES)
    assert (decision.kind, decision.closes) == ("review_advertising", ())


def test_a_weaker_case_takes_the_place_of_one_that_has_ended() -> None:
    old = a_record(rating=1, verdict=BAD, marks=("bad_review:warn",))
    decision = decide(old, a_record(content_hash="x", marks=old.marks), RULES, asks=True)
    assert (decision.kind, decision.closes, decision.how) == (
        "review_question",
        ("bad_review",),
        "changed",
    )


def test_nothing_opens_where_reviews_are_switched_off() -> None:
    assert decide(None, a_record(rating=1), Reviews(enabled=False)).kind == ""


VERDICTS = st.sampled_from([GOOD, BAD, HIDDEN, ADVERT, CALL_ME])
RECORDS = st.builds(
    a_record,
    rating=st.sampled_from([None, 1, 2, 3, 4, 5]),
    verdict=VERDICTS,
    follow_verdict=st.none() | VERDICTS,
    replied=st.booleans(),
    deleted=st.booleans(),
    content_hash=st.sampled_from(["a", "b"]),
    marks=st.sampled_from([(), *((f"{kind}:warn",) for kind in STRENGTH)]),
    outcome=st.sampled_from(["", "changed", "replied", "given_up", "deleted"]),
)


@given(st.none() | RECORDS, RECORDS, st.booleans(), st.booleans())
def test_whatever_happens_a_review_ends_with_one_case_at_most(
    old: ReviewRecord | None, new: ReviewRecord, asks: bool, backlog: bool
) -> None:
    new = replace(new, marks=old.marks if old else (), outcome=old.outcome if old else "")
    decision = decide(old, new, RULES, asks=asks, backlog=backlog)
    assert decision.kind not in decision.closes
    assert not (new.deleted and decision.kind and decision.reason != "unchanged")
    settled = replace(new, marks=decision.marks, outcome=decision.outcome)
    again = decide(settled, settled, RULES, asks=asks, backlog=backlog)
    assert (again.reason, again.marks, again.closes) == ("unchanged", decision.marks, ())


def test_a_case_is_due_before_the_buyer_can_no_longer_change_the_review() -> None:
    old = a_record(written_at=NOW - timedelta(days=26))
    week = NOW + timedelta(days=7)
    assert clocks(old, "tmall", RULES, NOW) == (week, None)
    ends = NOW + timedelta(days=4)
    assert clocks(old, "taobao", RULES, NOW) == (ends, ends)
    assert clocks(old, "taobao", Reviews(edit_window_days=0), NOW) == (week, None)
    assert clocks(old, "taobao", Reviews(edit_window_days=20), NOW) == (week, None)


def test_hints_are_facts_with_their_numbers() -> None:
    bad = [a_record(review_id=str(n), rating=1, product_id=f"p{n}") for n in range(4)]
    elsewhere = a_record(shop_id="tb2", review_id="9", rating=1, product_id="p0")
    assert hints_about(bad[0], bad, (), RULES, presses=False) == ("mostly_bad:4/4",)
    assert hints_about(bad[0], [], [bad[0], bad[1], elsewhere], RULES, presses=True) == (
        "asks_for_money",
        "copied:2",
    )
    assert hints_about(bad[0], [elsewhere], (), RULES, presses=False) == ("several_shops:2",)
    mixed = [a_record(review_id=str(n)) for n in range(10, 20)]
    assert hints_about(bad[0], mixed, (), RULES, presses=False) == ()


def test_an_hour_of_looking_again_is_five_pieces_and_six_where_a_round_begins() -> None:
    at = NOW.replace(hour=5)
    pieces = list(turns(RULES, at, at + timedelta(hours=1)))
    ages = [at - piece.start for piece in pieces if not piece.only_open]
    assert [age.days for age in ages] == [3, 7, 15, 30]
    (hand,) = [piece for piece in pieces if piece.only_open]
    assert hand.end - hand.start == timedelta(days=30) / 12
    over_the_turn = turns(RULES, NOW.replace(hour=11, minute=30), NOW.replace(hour=12, minute=30))
    assert len(list(over_the_turn)) == 6
    assert list(turns(Reviews(look_again_hours=0, look_again_days=()), at, NOW)) == []
    short = Reviews(look_again_hours=0.1, look_again_days=())
    assert len(list(turns(short, NOW, NOW + timedelta(hours=6)))) == 1


@given(
    st.floats(0, 27),
    st.sampled_from([1.0, 5.0, 12.0, 24.0]),
    st.lists(st.floats(0.02, 1), min_size=1, max_size=9),
)
def test_however_the_runs_fall_a_review_with_an_open_case_is_met_once_in_a_round(
    written_days_ago: float, every: float, lengths: list[float]
) -> None:
    """In two days of runs, each of which goes on where the last one ended."""
    rules = Reviews(look_again_hours=every, look_again_days=())
    written, over = NOW - timedelta(days=written_days_ago), NOW + timedelta(days=2)
    at, met = NOW, 0
    for length in itertools.cycle(lengths):
        end = min(at + length * timedelta(hours=every), over)
        for piece in turns(rules, at, end):
            assert piece.start < piece.end
            met += piece.start <= written < piece.end
        if end == over:
            break
        at = end
    # A round takes somewhat longer for a review: it grows older while the hand comes.
    expected = 48 / every * (1 - every / (30 * 24))
    assert expected - 1 <= met <= expected + 1


@pytest.mark.parametrize(
    ("text", "asks"),
    [
        ("请问可以放洗碗机吗？", True),
        ("想问一下怎么安装呢", True),
        ("How do I clean it?", True),
        ("想开一张公司抬头的发票，在哪里申请？", True),
        ("說明書可以在哪裡下載？", True),
        ("这种东西好在哪里？", False),
        ("质量怎么样，很好！", False),
        ("为什么这么好用", False),
        ("此用户没有填写评价。", False),
        ("", False),
    ],
)
def test_questions_are_told_from_exclamations(text: str, asks: bool) -> None:
    assert texts.asks(text) is asks


@pytest.mark.parametrize(
    ("text", "usual", "language"),
    [
        ("漏水，客服不理人", "zh-CN", "zh-CN"),
        ("品質不錯，但是這個蓋子會漏水", "zh-CN", "zh-TW"),
        ("It broke after two days", "zh-CN", "en"),
        ("漏水", "en", "zh-CN"),
        ("👍👍", "en", "en"),
        ("", "zh-TW", "zh-TW"),
    ],
)
def test_a_review_is_answered_in_its_own_language(text: str, usual: str, language: str) -> None:
    assert texts.language_of(text, usual) == language


def test_copies_are_alike_whatever_their_marks_and_short_texts_are_no_copies() -> None:
    text = "刚用两天杯盖就开始漏水，客服一直不理人！"
    assert (
        texts.copy_key(text) == texts.copy_key(text.replace("，", " ").replace("！", "!!!")) != ""
    )
    assert texts.copy_key("不好用") == texts.copy_key("系统默认好评") == ""


@pytest.mark.parametrize("language", ["zh-CN", "zh-TW", "en"])
def test_replies_fit_the_platforms_limit_and_may_be_replaced(language: str) -> None:
    assert set(REPLIES[language]) == set(REPLIES["en"])
    assert all(len(reply) <= 500 for reply in REPLIES[language].values())
    own = {"size": {language: "mine"}}
    assert suggested_reply(("unknown", "size"), language, own) == "mine"
    assert suggested_reply((), language, own) == REPLIES[language]["other"]


@given(st.text(max_size=400), st.integers(1, 60))
def test_words_are_shown_on_one_line_and_cut(text: str, limit: int) -> None:
    shown = texts.shown(text, limit)
    assert len(shown) <= limit
    assert "\n" not in shown
