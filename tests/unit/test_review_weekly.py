"""The weekly report of reviews: its figures, and charts that can be read whatever is in them."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from importlib import import_module
from xml.etree import ElementTree
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aftersales.errors import BadInput
from aftersales.messages.render import LANGUAGES
from aftersales.review_records import ReviewRecord, Verdict
from review_scanner.charts import WIDTH, columns, stacked
from review_scanner.report_page import WORDS, files_of, summary
from review_scanner.weekly import OUTCOMES, bounds_of, week_of, weekly_of

CHINA = ZoneInfo("Asia/Shanghai")
MONDAY = datetime(2026, 11, 1, 16, 0, tzinfo=UTC)
SVG = "{http://www.w3.org/2000/svg}"


def a_review(days: float, **values):
    defaults = {
        "shop_id": "tb1",
        "review_id": "r",
        "written_at": MONDAY + timedelta(days=days),
        "first_seen_at": MONDAY,
        "rating": 1,
    }
    return ReviewRecord(**{**defaults, **values})


def test_a_week_begins_on_monday_in_the_zone_of_the_desk():
    assert bounds_of("2026-W45", CHINA) == (MONDAY, MONDAY + timedelta(days=7))
    assert week_of(MONDAY, CHINA) == "2026-W45"
    assert week_of(MONDAY - timedelta(seconds=1), CHINA) == "2026-W44"
    # Clocks are set back in this one.
    start, end = bounds_of("2026-W44", ZoneInfo("America/New_York"))
    assert end - start == timedelta(days=7, hours=1)


@pytest.mark.parametrize("week", ["2026", "2026-W54", "2026-W00", "last", "9999-W53", "2026-W4"])
def test_what_is_no_week_is_refused(week):
    with pytest.raises(BadInput, match="2026-W45"):
        bounds_of(week, CHINA)


def test_shares_are_counted_by_day_and_compared_with_the_week_before():
    records = [a_review(0), a_review(0.5, rating=5), a_review(0.9, rating=4), a_review(6.99)]
    before = [a_review(-1), a_review(-2, rating=5)]
    week = weekly_of("2026-W45", CHINA, records, before)
    assert [(day.reviews, day.bad) for day in week.days] == [(3, 1), *[(0, 0)] * 5, (1, 1)]
    assert (week.reviews, week.bad, week.share, week.before) == (4, 2, 0.5, 0.5)
    assert week.days[1].share is None
    assert weekly_of("2026-W45", CHINA, []).share is None


def test_a_complaint_under_a_good_rating_is_a_bad_review_here():
    hidden = a_review(1, rating=5, verdict=Verdict(score=3, hidden_complaint=True))
    assert weekly_of("2026-W45", CHINA, [hidden]).bad == 1


def test_products_are_listed_by_their_complaints_with_the_topics_of_each():
    quality, both = Verdict(topics=("quality",)), Verdict(topics=("size", "quality"))
    records = [
        a_review(1, product_title="帆布包", verdict=quality),
        a_review(1, product_title="帆布包", verdict=both),
        a_review(2, product_title="", product_id="650", verdict=Verdict()),
        a_review(2, rating=5, product_title="马克杯", verdict=quality),
        a_review(3),
    ]
    week = weekly_of("2026-W45", CHINA, records)
    assert [(p.product, p.complaints, dict(p.topics)) for p in week.products] == [
        ("帆布包", 2, {"quality": 2, "size": 1}),
        ("650", 1, {"other": 1}),
    ]
    assert week.topics == {"quality": 2, "other": 2, "size": 1}


def test_outcomes_of_bad_reviews_are_counted_and_none_is_left_out():
    records = [
        a_review(1, outcome="replied"),
        a_review(1, outcome="changed"),
        a_review(1, marks=("bad_review:warn",)),
        a_review(1),
        a_review(1, outcome="of a later version"),
        a_review(1, rating=5, outcome="changed"),
    ]
    week = weekly_of("2026-W45", CHINA, records)
    assert week.outcomes == {"changed": 1, "replied": 1, "open": 1, "no_case": 2}
    assert sum(week.outcomes.values()) == week.bad


def test_every_outcome_has_a_word_in_every_language():
    for module in LANGUAGES.values():
        words = import_module(f"aftersales.messages.{module}_reviews")
        assert set(words.OUTCOMES) == set(OUTCOMES)


def test_each_language_is_written_in_its_own_script():
    for language, script in (("zh-CN", "gb2312"), ("zh-TW", "big5")):
        assert set(WORDS) == set(LANGUAGES)
        for part in WORDS[language]:
            "".join(part).encode(script)


@pytest.mark.parametrize("language", WORDS)
def test_the_files_of_a_week_are_two_charts_and_a_page_with_both(language):
    records = [a_review(n % 7, product_title=f"商品 {n % 12}") for n in range(60)]
    week = weekly_of("2026-W45", CHINA, records, [a_review(-1)])
    files = files_of(week, language)
    assert [name.rpartition(".")[2] for name in files] == ["svg", "svg", "html"]
    share, topics, page = files.values()
    assert share in page
    assert topics in page
    assert "60" in summary(week, language)
    assert len(ElementTree.fromstring(share).findall(f"{SVG}rect")) == 1 + 7
    assert not re.search(r"<(script|link|img)|https?://(?!www\.w3\.org)", page)


def boxes_of(svg):
    for box in ElementTree.fromstring(svg).iter(f"{SVG}rect"):
        if box.get("x"):
            yield tuple(float(box.get(name)) for name in ("x", "y", "width", "height"))


LABELS = st.text(max_size=40)


@given(
    st.lists(st.tuples(LABELS, st.none() | st.floats(0, 1), LABELS), max_size=31),
    st.none() | st.tuples(st.floats(0, 1), LABELS),
)
def test_columns_stay_inside_the_picture_whatever_they_show(bars, mark):
    svg = columns("<差评> & co", "", bars, mark=mark)
    height = float(ElementTree.fromstring(svg).get("height"))
    for x, y, wide, high in boxes_of(svg):
        assert 0 <= x <= x + wide <= WIDTH
        assert 0 <= y <= y + high <= height


@given(
    st.lists(
        st.tuples(LABELS, st.dictionaries(LABELS, st.integers(1, 10_000), min_size=1, max_size=14)),
        max_size=9,
    )
)
def test_bars_stay_inside_the_picture_and_lose_nothing(bars):
    svg = stacked("各商品的问题", "说明", bars, rest="其他", empty="没有")
    tree = ElementTree.fromstring(svg)
    for x, y, wide, high in boxes_of(svg):
        assert 0 <= x <= x + wide <= WIDTH + 300 * (high == 13)
        assert y + high <= float(tree.get("height"))
    told = [int(title.text.rpartition(" ")[2]) for title in tree.iter(f"{SVG}title")]
    assert sum(told) == sum(sum(parts.values()) for _, parts in bars)
