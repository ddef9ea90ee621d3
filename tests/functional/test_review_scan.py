"""Scanning a shop's reviews, from its feed to cases and alerts, on the real engine."""

from __future__ import annotations

import contextlib
from collections import Counter

import pytest
from msgspec.structs import replace

from aftersales.cases.model import Case
from aftersales.errors import Refused, Throttled, Unreachable
from aftersales.parcels import Order, OrderStatus, Parcel, RefundStatus, Shipment
from aftersales.reviews import Review
from aftersales.tables import cases, orders, parcels, reviews
from aftersales.tracking import Status
from review_scanner.desk import Desk
from review_scanner.scanning import scan_shop
from tests.conftest import Tables
from tests.desk_fakes import Clock
from tests.functional.test_casebook import calls_during
from tests.review_shop import (
    SHOP,
    START,
    ReviewShop,
    a_desk,
    a_review,
    days,
    hours,
    settings_of,
)

LEAKS = "杯盖漏水，装进包里全湿了"


@pytest.fixture
def clock() -> Clock:
    return Clock(START + hours(1))


@pytest.fixture
def shop() -> ReviewShop:
    return ReviewShop()


@pytest.fixture
def desk(tables: Tables, shop: ReviewShop, clock: Clock) -> Desk:
    return a_desk(shop, clock)


def scan(desk: Desk) -> dict[str, object]:
    return scan_shop(desk, SHOP.id, seconds_left=600)


def case_of(number: int, kind: str) -> Case | None:
    return cases.get(f"review:{SHOP.id}/{number}:buyer", kind)


def open_kinds(tables: Tables) -> list[tuple[str, str]]:
    rows = tables.items("cases")
    return sorted((row["subject"], row["kind"]) for row in rows if "open_bucket" in row)


def alerts(tables: Tables) -> int:
    return len(tables.items("outbox"))


def test_a_bad_review_becomes_one_case_with_one_alert(
    desk: Desk, shop: ReviewShop, tables: Tables, clock: Clock
) -> None:
    shop.put(a_review(1, LEAKS, rating=1), a_review(2, "很好用，喜欢"))
    summary = scan(desk)
    assert (summary["outcome"], summary["became"]) == ("caught_up", {"new": 1, "nothing_to_do": 1})
    case = case_of(1, "bad_review")
    assert case is not None
    assert (case.facts["rating"], case.facts["topics"]) == (1, "quality")
    assert case.facts["review_text"] == LEAKS
    assert "很抱歉" in str(case.facts["suggested_reply"])
    assert case.deadline == START + days(7)
    clock.on(minutes=15)
    before = tables.items("reviews")
    assert scan(desk)["became"] == {"unchanged": 2}
    assert tables.items("reviews") == before
    assert alerts(tables) == 1


def test_a_case_shows_how_the_order_stands(desk: Desk, shop: ReviewShop) -> None:
    review = a_review(1, LEAKS, rating=1)
    order = Order(
        SHOP.id,
        review.order_id,
        OrderStatus.SHIPPED,
        created_at=START - days(4),
        refund=RefundStatus.OPEN,
        refund_amount_minor=8900,
        currency="CNY",
        shipments=(Shipment("YT0000000000001", "yto"),),
    )
    orders.merge(order, START)
    parcel = Parcel(
        "YT0000000000001",
        "YT0000000000001",
        "yto",
        SHOP.id,
        (review.order_id,),
        status=Status.DELIVERED,
        last_event_text="已签收，签收人 13900139417",
    )
    parcels.add(parcel, shards=1)
    shop.put(review)
    scan(desk)
    case = case_of(1, "bad_review")
    assert case is not None
    told = {name: case.facts[name] for name in ("refund", "amount_minor", "status", "courier")}
    assert told == {
        "refund": "open",
        "amount_minor": 8900,
        "status": "delivered",
        "courier": "yto",
    }


def test_a_complaint_under_five_stars_is_found(desk: Desk, shop: ReviewShop) -> None:
    shop.put(a_review(1, "颜色很正，就是" + LEAKS))
    scan(desk)
    assert case_of(1, "hidden_complaint") is not None


def test_reviews_older_than_the_backlog_open_no_case_until_they_change(
    desk: Desk, shop: ReviewShop, tables: Tables, clock: Clock
) -> None:
    old = a_review(1, LEAKS, START - days(20), rating=3)
    shop.put(old, a_review(2, LEAKS, START - days(6), rating=1, product_id="p2"))
    assert scan(desk)["became"] == {"backlog": 1, "new": 1}
    assert [kind for _, kind in open_kinds(tables)] == ["bad_review"]
    shop.put(replace(old, rating=1, text=LEAKS + "，还不退款，太差"))
    clock.on(days=9)
    scan(desk)
    assert case_of(1, "bad_review") is None  # 29 days old; it is looked at on its 30th
    clock.on(days=1)
    scan(desk)
    assert case_of(1, "bad_review") is not None


def test_a_review_changed_for_the_better_closes_its_case(
    desk: Desk, shop: ReviewShop, clock: Clock
) -> None:
    shop.put(a_review(1, LEAKS, rating=1))
    scan(desk)
    shop.put(a_review(1, "客服很快换了新的，满意", rating=5))
    clock.on(hours=12)
    scan(desk)
    case = case_of(1, "bad_review")
    assert case is not None
    assert (case.is_open, case.resolution) == (False, "changed")
    kept = reviews.get(SHOP.id, "1:buyer")
    assert kept is not None
    assert (kept.record.outcome, kept.record.was_rating, kept.record.marks) == ("changed", 1, ())


def test_a_review_changed_for_the_worse_is_escalated(
    desk: Desk, shop: ReviewShop, tables: Tables, clock: Clock
) -> None:
    shop.put(a_review(1, LEAKS, rating=3))
    scan(desk)
    shop.put(a_review(1, LEAKS + "，还不给退", rating=1))
    clock.on(hours=12)
    scan(desk)
    case = case_of(1, "bad_review")
    assert case is not None
    assert (case.is_open, case.severity, case.facts["was_rating"]) == (True, "alarm", 3)
    assert alerts(tables) == 2


def test_a_deleted_review_closes_its_case(desk: Desk, shop: ReviewShop, clock: Clock) -> None:
    shop.put(a_review(1, LEAKS, rating=1))
    scan(desk)
    shop.rows.clear()
    clock.on(hours=12)
    scan(desk)
    case = case_of(1, "bad_review")
    assert case is not None
    assert (case.is_open, case.resolution) == (False, "deleted")
    kept = reviews.get(SHOP.id, "1:buyer")
    assert kept is not None
    assert (kept.record.deleted, kept.record.outcome) == (True, "deleted")


def test_what_a_buyer_adds_to_a_good_review_is_seen(
    desk: Desk, shop: ReviewShop, clock: Clock
) -> None:
    shop.limits = replace(shop.limits, overlap_seconds=600)
    good = a_review(1, "很好看")
    shop.put(good)
    scan(desk)
    clock.on(days=2)
    shop.put(replace(good, follow_up="用了两天就坏了", follow_up_at=clock.now))
    scan(desk)
    clock.on(days=1)
    scan(desk)
    assert shop.asked == ["1:buyer"]
    case = case_of(1, "follow_up_turned_bad")
    assert case is not None
    assert case.facts["follow_up"] == "用了两天就坏了"
    assert case.deadline == clock.now + days(7)


def test_an_hour_of_looking_again_costs_a_handful_of_queries(
    desk: Desk, shop: ReviewShop, clock: Clock
) -> None:
    shop.limits = replace(shop.limits, overlap_seconds=600)
    shop.put(a_review(1, LEAKS, rating=1), a_review(2, "很好看"))
    scan(desk)
    clock.on(minutes=59)
    without = calls_during(lambda: scan(desk)).count("Query")
    asked_in_a_day, most = Counter[str](), 0
    for _ in range(24):
        shop.asked.clear()
        clock.on(hours=1)
        most = max(most, calls_during(lambda: scan(desk)).count("Query") - without)
        asked_in_a_day.update(shop.asked)
    assert most <= 6
    assert asked_in_a_day == {"1:buyer": 2}


def test_an_addition_opens_a_closed_case_again(desk: Desk, shop: ReviewShop, clock: Clock) -> None:
    bad = a_review(1, LEAKS, rating=1)
    shop.put(bad)
    scan(desk)
    desk.casebook.resolve(f"review:{SHOP.id}/1:buyer", "bad_review", "given_up", clock.now, "ann")
    clock.on(hours=12)
    scan(desk)
    assert not case_of(1, "bad_review").is_open  # type: ignore[union-attr]
    shop.put(replace(bad, follow_up="没人管，太差", follow_up_at=clock.now, rating=1))
    clock.on(hours=12)
    scan(desk)
    case = case_of(1, "bad_review")
    assert case is not None
    assert (case.is_open, case.episode) == (True, 2)


def test_a_reply_seen_on_the_platform_closes_question_and_complaint(
    desk: Desk, shop: ReviewShop, clock: Clock
) -> None:
    shop.put(a_review(1, "请问可以放洗碗机吗？"), a_review(2, LEAKS, rating=1))
    scan(desk)
    assert case_of(1, "review_question") is not None
    shop.put(
        a_review(1, "请问可以放洗碗机吗？", reply="可以的"),
        a_review(2, LEAKS, rating=1, reply="您好，很抱歉"),
    )
    clock.on(hours=12)
    scan(desk)
    question, complaint = case_of(1, "review_question"), case_of(2, "bad_review")
    assert question is not None
    assert complaint is not None
    assert (question.is_open, question.resolution) == (False, "replied")
    assert (complaint.is_open, complaint.resolution) == (False, "replied")
    kept = reviews.get(SHOP.id, "2:buyer")
    assert kept is not None
    assert kept.record.outcome == "replied"


def test_a_reply_leaves_a_complaint_open_where_the_shop_wants_it(
    tables: Tables, shop: ReviewShop, clock: Clock
) -> None:
    desk = a_desk(shop, clock, settings_of(replace(SHOP, reviews={"reply_closes": False})))
    shop.put(a_review(1, LEAKS, rating=1))
    scan(desk)
    shop.put(a_review(1, LEAKS, rating=1, reply="您好，很抱歉"))
    clock.on(hours=12)
    scan(desk)
    case = case_of(1, "bad_review")
    assert case is not None
    assert case.is_open
    assert any("replied" in entry.what for entry in case.history)


def test_an_alarm_about_a_product_closes_when_a_complaint_is_taken_back(
    desk: Desk, shop: ReviewShop, tables: Tables, clock: Clock
) -> None:
    shop.put(*(a_review(n, "盖子漏水", START - hours(n), rating=1) for n in range(1, 4)))
    scan(desk)
    alarm = (f"product:{SHOP.id}/p1/quality", "product_alarm")
    assert alarm in open_kinds(tables)
    clock.on(minutes=15)
    scan(desk)
    assert alarm in open_kinds(tables)
    shop.put(a_review(2, "客服换了新的，满意", START - hours(2)))
    clock.on(hours=12)
    scan(desk)
    clock.on(minutes=15)
    scan(desk)
    assert alarm not in open_kinds(tables)
    case = cases.get(*alarm)
    assert case is not None
    assert case.resolution == "fewer_complaints"
    shop.put(a_review(7, "坏了", clock.now - hours(0.1), rating=1))
    clock.on(minutes=15)
    scan(desk)
    assert alarm in open_kinds(tables), "it comes back with the next complaint"


def test_an_alarm_about_a_product_closes_when_its_window_has_passed(
    desk: Desk, shop: ReviewShop, tables: Tables, clock: Clock
) -> None:
    shop.put(*(a_review(n, "盖子漏水", START - hours(n), rating=1) for n in range(1, 4)))
    scan(desk)
    clock.on(days=6, hours=20)
    scan(desk)
    assert "product_alarm" in [kind for _, kind in open_kinds(tables)]
    clock.on(hours=4)
    scan(desk)
    assert "product_alarm" not in [kind for _, kind in open_kinds(tables)]
    before = tables.items("feeds")
    scan(desk)
    assert [row for row in tables.items("feeds") if "products" in row["feed"]] == [
        row for row in before if "products" in row["feed"]
    ]


def test_the_alarm_of_a_shop_of_files_is_looked_after_by_the_plan(
    tables: Tables, shop: ReviewShop, clock: Clock
) -> None:
    from review_scanner.planning import plan
    from review_scanner.taking import Taking

    filed = replace(SHOP, platform="file", secrets={})
    desk = a_desk(shop, clock, settings_of(filed))
    sent: list[str] = []
    assert plan(desk.settings, "now", sent.extend) == 0
    Taking(desk, filed, START - days(7)).take(
        [a_review(n, "盖子漏水", START - hours(n), rating=1) for n in range(1, 4)]
    )
    assert plan(desk.settings, "now", sent.extend) == 1
    clock.on(days=8)
    assert scan(desk)["outcome"] == "not_scanned"
    assert "product_alarm" not in [kind for _, kind in open_kinds(tables)]
    assert plan(desk.settings, "now", sent.extend) == 0


def test_several_complaints_of_one_topic_are_an_alarm_about_the_product(
    desk: Desk, shop: ReviewShop, tables: Tables
) -> None:
    shop.put(
        a_review(1, LEAKS, rating=1),
        a_review(2, "盖子漏水", START - days(2), rating=2),
        a_review(3, "快递太差", rating=1),
    )
    scan(desk)
    assert "product_alarm" not in [kind for _, kind in open_kinds(tables)]
    shop.put(a_review(4, "坏了", START + hours(0.5), rating=1))
    desk.business_now.on(minutes=15)  # type: ignore[attr-defined]
    scan(desk)
    (case,) = (c for c in cases.open_cases() if c.kind == "product_alarm")
    assert (case.subject, case.facts["count"], case.severity) == (
        f"product:{SHOP.id}/p1/quality",
        3,
        "alarm",
    )


def test_one_buyer_with_three_lines_is_one_complaint(
    desk: Desk, shop: ReviewShop, tables: Tables
) -> None:
    shop.put(*(a_review(n, LEAKS, rating=1, buyer_ref="one") for n in range(3)))
    scan(desk)
    assert "product_alarm" not in [kind for _, kind in open_kinds(tables)]


def test_a_buyer_of_many_bad_reviews_is_a_hint_and_no_case(
    desk: Desk, shop: ReviewShop, tables: Tables
) -> None:
    shop.put(
        *(
            a_review(n, f"坏了 {n}", START - days(n), rating=1, buyer_ref="one", product_id=f"p{n}")
            for n in range(2, 5)
        ),
        a_review(1, "坏了，不退款就给差评", rating=1, buyer_ref="one"),
    )
    scan(desk)
    case = case_of(1, "bad_review")
    assert case is not None
    assert case.facts["hints"] == "mostly_bad:4/4;asks_for_money"
    assert {kind for _, kind in open_kinds(tables)} == {"bad_review"}


def test_advertising_is_to_be_reported_and_a_complaint_with_a_contact_is_urgent(
    desk: Desk, shop: ReviewShop
) -> None:
    shop.put(
        a_review(1, "同款更便宜，加V: cheap88991"),
        a_review(2, "坏了没人理，请回电 13900139417 或者加V abc123456", rating=1),
    )
    scan(desk)
    assert case_of(1, "review_advertising") is not None
    case = case_of(2, "bad_review")
    assert case is not None
    assert (case.severity, case.facts["contact"]) == ("alarm", 1)
    assert "13900139417" not in str(case.facts)
    assert "abc123456" not in str(case.facts)


STRANGE = [
    "",
    "👍👍👍😡",
    "好" * 10_000,
    "<p>不错<br/>very nice</p>&nbsp;",
    "此用户没有填写评价。",
    "系统默认好评",
    "\x00\ud83d half a pair".encode("utf-16", "surrogatepass").decode("utf-16", "replace"),
    "混合 mixed スクリプト текст نص",
]


@pytest.mark.parametrize("text", STRANGE)
@pytest.mark.parametrize("rating", [None, 5, 1])
def test_strange_texts_survive(
    text: str, rating: int | None, desk: Desk, shop: ReviewShop, tables: Tables
) -> None:
    shop.put(a_review(1, text, rating=rating, order_id="", buyer_ref="", created_at=START))
    scan(desk)
    assert len(tables.items("reviews")) == 1
    assert bool(open_kinds(tables)) == (rating == 1)
    desk.business_now.on(minutes=15)  # type: ignore[attr-defined]
    assert scan(desk)["became"] == {"unchanged": 1}


def test_rows_that_cannot_be_read_are_put_aside_and_told(
    desk: Desk, shop: ReviewShop, tables: Tables
) -> None:
    from aftersales.platforms.base import RejectedRow

    shop.bad_rows = [RejectedRow("reviews, row 3", "no id", "{}")]
    shop.put(a_review(1, LEAKS, rating=1))
    scan(desk)
    assert ("feed:shop#tm1#reviews", "rows_rejected") in open_kinds(tables)
    assert len(tables.items("quarantine")) == 1


def test_a_page_that_shifts_while_it_is_read_loses_nothing(
    desk: Desk, shop: ReviewShop, tables: Tables
) -> None:
    shop.put(*(a_review(n, f"很好 {n}", START - hours(n)) for n in range(1, 9)))
    pages = []

    def shifting(what: str) -> None:
        pages.append(what)
        if len(pages) > 30:  # in the last window, where the reviews are
            shop.rows.pop("8:buyer", None)
            shop.put(a_review(9, "很好 9", START - hours(0.5)))

    shop.temper = shifting
    scan(desk)
    shop.temper = lambda _: None
    desk.business_now.on(minutes=15)  # type: ignore[attr-defined]
    scan(desk)
    found = {row["review_key"] for row in tables.items("reviews")}
    assert {f"tm1#{n}:buyer" for n in (1, 2, 3, 4, 5, 6, 7, 9)} <= found


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (Throttled("slow down", retry_after_seconds=60), ""),
        (Unreachable("no answer"), ""),
        (Refused("no permission", code="11"), "shop_misconfigured"),
    ],
)
def test_a_shop_that_does_not_answer_is_tried_again(
    error: Exception, kind: str, desk: Desk, shop: ReviewShop, tables: Tables, clock: Clock
) -> None:
    def fail(_: str) -> None:
        raise error

    shop.put(a_review(1, LEAKS, rating=1))
    shop.temper = fail
    scan(desk)
    assert [k for _, k in open_kinds(tables)] == ([kind] if kind else [])
    shop.temper = lambda _: None
    clock.on(minutes=20)
    scan(desk)
    assert [k for _, k in open_kinds(tables)] == ["bad_review"]


def test_a_look_that_fails_is_made_again(desk: Desk, shop: ReviewShop, clock: Clock) -> None:
    shop.put(a_review(1, LEAKS, rating=1))
    scan(desk)
    clock.on(hours=12)

    def fail(what: str) -> None:
        if what == "review":
            raise Unreachable("no answer")

    shop.temper = fail
    scan(desk)
    assert shop.asked == []
    shop.temper = lambda _: None
    clock.on(minutes=15)
    scan(desk)
    assert shop.asked == ["1:buyer"]


def test_the_rules_can_be_switched_off_for_a_shop(
    tables: Tables, shop: ReviewShop, clock: Clock
) -> None:
    import msgspec

    quiet = msgspec.structs.replace(SHOP, reviews={"bad_rating": 1, "questions": False})
    desk = a_desk(shop, clock, settings_of(quiet))
    shop.put(a_review(1, "一般", rating=3), a_review(2, "请问怎么洗？"))
    scan(desk)
    assert open_kinds(tables) == []


def test_the_same_review_twice_in_one_page_is_one(desk: Desk, shop: ReviewShop) -> None:
    from review_scanner.taking import Taking

    twice: list[Review] = [a_review(1, LEAKS, rating=1)] * 2
    assert Taking(desk, SHOP, START - days(7)).take(twice) == {"new": 1}


class Killed(BaseException):
    """The process died here: nothing catches it."""


CALLS = 35
"""Calls of that run to tables and shop, and one more."""


@pytest.mark.parametrize("dies_at", range(1, CALLS + 1))
def test_a_run_that_dies_anywhere_is_made_good_by_the_next(
    dies_at: int,
    desk: Desk,
    shop: ReviewShop,
    tables: Tables,
    clock: Clock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from pynamodb.connection import Connection

    shop.limits = replace(shop.limits, overlap_seconds=600, page_size=50)
    shop.put(
        a_review(1, LEAKS, rating=1),
        a_review(2, "盖子漏水", rating=2),
        a_review(3, "坏了", rating=1),
        a_review(4, "很好"),
        # So many that the alarm about the product stands, whatever becomes of the first two.
        *(a_review(n, f"漏水 {n}", rating=1) for n in (6, 7)),
    )
    scan(desk)
    wanted = open_kinds(tables)
    clock.on(hours=12)
    shop.put(a_review(1, "客服换了新的，满意", rating=5), a_review(5, "坏了", clock.now - hours(1)))
    del shop.rows["2:buyer"]
    calls, dispatch = [], Connection.dispatch

    def calling(_: str) -> None:
        calls.append(_)
        if len(calls) == dies_at:
            raise Killed

    def dying(self: Connection, *given: object, **named: object) -> object:
        if given[0] != "Query":  # who dies at one has done what was done at the call after it
            calling("table")
        return dispatch(self, *given, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(Connection, "dispatch", dying)
    shop.temper = calling
    with contextlib.suppress(Killed):
        scan(desk)
    monkeypatch.setattr(Connection, "dispatch", dispatch)
    shop.temper = lambda _: None
    clock.on(minutes=20)  # the dead run's lease is over
    scan(desk)
    ended = {f"review:{SHOP.id}/{number}:buyer" for number in (1, 2)}
    opened = (f"review:{SHOP.id}/5:buyer", "hidden_complaint")
    left = [each for each in wanted if each[0] not in ended]
    assert open_kinds(tables) == sorted([*left, opened])
    # The last of them comes after the last call: there is none that was not tried.
    assert len(calls) == min(dies_at, CALLS - 1)
    alerts_of = [row["delivery_id"] for row in tables.items("outbox")]
    assert len(alerts_of) == len(set(alerts_of)) == len(wanted) + 3
