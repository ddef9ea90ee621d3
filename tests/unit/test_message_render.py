"""Alerts become messages that can be read as they stand, whatever facts are missing."""

import re
from datetime import UTC, datetime, timedelta
from itertools import product
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from aftersales.findings import Alert, Severity, Transition
from aftersales.messages import en, zh_cn, zh_tw
from aftersales.messages.catalogue import OPERATOR_KINDS, PARCEL_KINDS
from aftersales.messages.render import catalogue_for, render

NOW = datetime(2026, 11, 5, 6, 20, tzinfo=UTC)
CATALOGUES = {"zh-CN": zh_cn.CATALOGUE, "zh-TW": zh_tw.CATALOGUE, "en": en.CATALOGUE}
LANGUAGES = tuple(CATALOGUES)
KINDS = (*PARCEL_KINDS, *OPERATOR_KINDS, "kind_of_next_year")
PARCEL_FACTS = {
    "order_ids": "2611030001234567890",
    "shop_id": "tm-01",
    "courier": "yto",
    "waybill_number": "YT0000000000001",
    "status": "in_transit",
    "reason": "weather",
    "delivered_how": "agent",
    "last_event_at": "2026-11-03T03:20:00Z",
    "last_event_text": "已到达，下一站深圳，联系13800000000",
    "last_event_place": "杭州",
    "since": "2026-11-03T03:20:00Z",
    "hours": 51,
    "threshold_hours": 48,
    "auto_confirm_at": "2026-11-07T10:20:00Z",
    "province": "云南省",
    "city": "昆明市",
    "failed_attempts": 2,
    "source": "kuaidi100",
}
OPERATOR_FACTS = {
    "source": "kuaidi100",
    "target": "group-1",
    "feed": "tm-01/orders",
    "code": "503",
    "message": "busy",
    "since": "2026-11-05T05:00:00Z",
    "hours": 1,
    "count": 3,
    "examples": "7: 1.23E+12",
    "file": "orders-20261103.csv",
    "year": 2027,
    "behind_minutes": 95,
}


def alert(kind="stalled", transition=Transition.OPENED, severity=Severity.ALARM, **changes):
    operators = kind in OPERATOR_KINDS
    facts = OPERATOR_FACTS if operators else PARCEL_FACTS
    base = Alert(
        alert_id="7K3M9QW2-1",
        case_id="7K3M9QW2",
        transition=transition,
        kind=kind,
        subject="source:kuaidi100" if operators else "parcel:YT0000000000001",
        severity=severity,
        shop_id="" if operators else "tm-01",
        facts=dict(facts),
        opened_at=NOW - timedelta(hours=27),
        at=NOW,
        deadline=NOW + timedelta(hours=52),
    )
    return replace(base, **changes)


def say(an_alert, language="zh-CN", **changes):
    setting = {"time_zone": "Asia/Shanghai", "shop_name": "云杉家居", "now": NOW}
    return render(an_alert, language=language, **{**setting, **changes})


def said(message):
    """Every text of a message."""
    return [
        message.title,
        message.what,
        message.why,
        message.todo,
        message.until,
        message.buyer_text,
        *(part for field in message.fields for part in (field.label, field.value)),
        *(button.label for button in message.buttons),
    ]


def value(message, label):
    return next((field.value for field in message.fields if field.label == label), None)


BROKEN = re.compile(
    r"None|[{}\[\]]|  |^\s|\s$"  # unfilled places, stray spaces
    r"|^[，。、；：,.;:]"  # begins with punctuation
    r"|[，、；：,;:（(]$"  # ends in the middle
    r"|[，。、；：（][，。、；：）]|\(\)|（）"  # punctuation meets punctuation
    r"| [,.;:)，。、；：）]|[(（] |[,;][^\s\"“0-9]"  # spaces on the wrong side
)


def facts_with_holes(facts):
    yield dict(facts)
    for missing in facts:
        for nothing in (None, ""):
            yield {**facts, missing: nothing}
        yield {name: fact for name, fact in facts.items() if name != missing}
    yield dict.fromkeys(facts)
    yield {}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", KINDS)
def test_every_message_is_whole_whichever_fact_is_missing(kind, language):
    complete = OPERATOR_FACTS if kind in OPERATOR_KINDS else PARCEL_FACTS
    for facts, transition, shop_name in product(
        facts_with_holes(complete), Transition, ("云杉家居", "")
    ):
        message = say(
            alert(kind, transition, facts=facts, shop_id=""), language, shop_name=shop_name
        )
        assert message.title
        assert message.what
        for text in said(message):
            assert not BROKEN.search(text), (transition, facts, text)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", KINDS)
def test_bad_news_says_why_it_matters_and_what_to_do(kind, language):
    for transition in (Transition.OPENED, Transition.ESCALATED):
        message = say(alert(kind, transition), language)
        assert message.why
        assert message.todo
        assert message.until
        assert bool(message.buyer_text) == (kind in PARCEL_KINDS)


@pytest.mark.parametrize("kind", KINDS)
def test_texts_are_short(kind):
    for transition, language, severity in product(Transition, LANGUAGES, Severity):
        message = say(alert(kind, transition, severity), language)
        chinese = language != "en"
        assert len(message.title) <= (30 if chinese else 48), message.title
        assert len(message.buyer_text) <= (120 if chinese else 320)
        assert len(re.findall(r"[。？]|\.(?=\s|$)|\?", message.what)) <= 3


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", KINDS)
def test_a_title_tells_a_warning_from_an_alarm_and_an_escalation(kind, language):
    titles = {
        say(alert(kind, transition, severity), language).title
        for transition in (Transition.OPENED, Transition.ESCALATED)
        for severity in (Severity.WARN, Severity.ALARM)
    }
    assert len(titles) == 4


def test_an_alert_is_told_in_the_words_of_a_chinese_shop():
    message = say(alert())
    assert message.title == "紧急：物流 2 天没有更新"
    assert message.what == "11月3日 11:20 在杭州扫描后，包裹没有新的物流记录，已停 2 天 3 小时。"
    assert message.until == "11月7日 18:20（还剩 2 天 4 小时）"
    assert value(message, "快递") == "圆通速递"
    assert value(message, "状态") == "运输中（天气原因）"
    assert value(message, "目的地") == "云南省昆明市"
    assert value(message, "已过") == "2 天 3 小时（设定 2 天）"
    assert "YT0000000000001" in message.buyer_text


def test_an_alert_is_told_in_english():
    message = say(alert(), "en", time_zone="Europe/London")
    assert message.title == "Urgent: No tracking update in 2 days"
    assert message.until == "7 Nov, 10:20 (2 days 4 hours left)"
    assert value(message, "Last scan").startswith("3 Nov, 03:20, 杭州")
    assert value(message, "Attempts") == "2 failed attempts"


@pytest.mark.parametrize(
    ("hours", "in_words"), [(1, "1 hour"), (24, "1 day"), (25, "1 day 1 hour")]
)
def test_english_counts_one_as_one(hours, in_words):
    facts = {**PARCEL_FACTS, "hours": hours, "threshold_hours": None, "failed_attempts": 1}
    message = say(alert(facts=facts), "en")
    assert value(message, "For") == in_words
    assert value(message, "Attempts") == "1 failed attempt"


def test_a_time_of_another_year_names_the_year():
    facts = {**PARCEL_FACTS, "last_event_at": "2025-12-31T15:59:00Z"}
    assert "2025年12月31日 23:59" in say(alert(facts=facts)).what
    # The same instant is New Year's Day further east, in the year of the reader.
    facts["last_event_at"] = "2025-12-31T16:00:00Z"
    assert "1月1日 00:00" in say(alert(facts=facts)).what
    assert "2025" not in say(alert(facts=facts)).what


def test_a_deadline_that_is_over_says_since_when():
    message = say(alert(deadline=NOW - timedelta(minutes=90)))
    assert message.until == "11月5日 12:50（已过 1 小时 30 分钟）"


def test_a_zone_that_is_not_known_is_told_in_utc():
    for zone in ("Mars/Olympus", "", "../etc/passwd"):
        assert "11月3日 03:20 UTC" in say(alert(), time_zone=zone).what


def test_many_orders_on_one_waybill_are_listed_up_to_five():
    facts = {**PARCEL_FACTS, "order_ids": ",".join(f"A{n}" for n in range(1, 9))}
    assert value(say(alert(facts=facts)), "订单") == "A1、A2、A3、A4、A5 等，另有 3 个"
    assert value(say(alert(facts=facts), "en"), "Order") == "A1, A2, A3, A4, A5 +3 more"


@pytest.mark.parametrize(
    ("resolution", "title"),
    [
        ("moved_on", "已解决：包裹又动了"),
        ("delivered", "已解决：已签收"),
        ("returned", "已解决：退件已送回"),
        ("number_replaced", "已解决：已换单号"),
        ("extended", "已解决：收货时间已延长"),
        ("no_longer_applies", "已解决：不用再处理"),
        ("a_word_of_next_year", "已解决：包裹又动了"),
        (None, "已解决：包裹又动了"),
    ],
)
def test_good_news_says_how_it_ended_and_how_long_it_took(resolution, title):
    message = say(
        alert(transition=Transition.SOLVED, facts={**PARCEL_FACTS, "resolution": resolution})
    )
    assert message.solved
    assert message.title == title
    assert message.what.endswith("从发现到解决用了 1 天 3 小时。")
    assert (message.why, message.todo, message.until, message.buyer_text) == ("", "", "", "")


def test_good_news_does_not_repeat_what_is_no_longer_true():
    labels = {field.label for field in say(alert(transition=Transition.SOLVED)).fields}
    assert {"订单", "单号", "快递"} <= labels
    assert not labels & {"状态", "最后一次扫描", "已过"}


def test_the_end_of_a_dispute_is_not_told_as_a_delivery():
    facts = {**PARCEL_FACTS, "status": "delivered", "resolution": "no_longer_applies"}
    message = say(alert("delivered_disputed", Transition.SOLVED, facts=facts))
    assert message.title == "已解决：签收争议了结"


def test_a_receipt_time_that_was_extended_is_good_news_of_its_own():
    facts = {**PARCEL_FACTS, "resolution": "no_longer_applies"}
    message = say(alert("receipt_auto_confirm", Transition.SOLVED, facts=facts))
    assert message.title == "已解决：不用再延长收货"


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    "fact", ["last_event_text", "last_event_place", "message", "examples", "file", "feed"]
)
@pytest.mark.parametrize("kind", ["stalled", "rows_rejected"])
def test_phone_numbers_and_addresses_in_facts_are_hidden(kind, fact, language):
    secret = "张三 138 1234 5678，zhang@example.com"
    for transition in Transition:
        facts = {**PARCEL_FACTS, **OPERATOR_FACTS, fact: secret}
        text = "\n".join(said(say(alert(kind, transition, facts=facts), language)))
        assert "1234 5678" not in text
        assert "zhang@" not in text


def test_waybill_and_order_numbers_are_not_taken_for_phone_numbers():
    facts = {
        **PARCEL_FACTS,
        "waybill_number": "13800000001",
        "last_event_text": "13800000001 已发出",
    }
    message = say(alert(facts=facts))
    assert value(message, "单号") == "13800000001"
    assert "13800000001 已发出" in value(message, "最后一次扫描")


def test_a_place_that_the_scan_names_is_not_said_twice():
    facts = {
        **PARCEL_FACTS,
        "last_event_text": "【杭州转运中心】已发出",
        "last_event_place": "杭州",
    }
    assert value(say(alert(facts=facts)), "最后一次扫描") == "11月3日 11:20，【杭州转运中心】已发出"


def test_the_source_is_named_only_where_it_is_the_matter():
    assert value(say(alert("stalled")), "物流来源") is None
    assert value(say(alert("tracking_quiet")), "物流来源") == "快递100"


def test_a_file_that_could_not_be_read_at_all_is_not_told_as_some_rows():
    whole = say(alert("rows_rejected", facts={**OPERATOR_FACTS, "count": None}))
    assert whole.what == "文件 orders-20261103.csv 没能导入。"
    some = say(alert("rows_rejected"))
    assert some.what == "文件 orders-20261103.csv 里有 3 行读不了，已放一边，其余照常导入。"


def test_links_become_buttons_and_empty_ones_do_not():
    assert say(alert()).buttons == ()
    order_url = "https://shop.example.com/orders/{order_id}"
    message = say(alert(), desk_url="https://desk.example.com/c/1", order_url=order_url)
    assert [button.url for button in message.buttons] == [
        "https://desk.example.com/c/1",
        "https://shop.example.com/orders/2611030001234567890",
    ]
    assert say(alert(facts={}), order_url=order_url).buttons == ()


def test_mentions_and_ids_pass_through():
    message = say(alert(), mentions=("agent7",))
    assert (message.mentions, message.alert_id) == (("agent7",), "7K3M9QW2-1")
    assert message.severity is Severity.ALARM


@pytest.mark.parametrize(
    ("language", "catalogue"),
    [
        ("zh_HK", "zh-TW"),
        ("zh-Hant", "zh-TW"),
        ("en-GB", "en"),
        ("zh", "zh-CN"),
        ("", "zh-CN"),
        ("eo", "zh-CN"),
    ],
)
def test_a_related_language_finds_its_catalogue(language, catalogue):
    assert catalogue_for(language) is CATALOGUES[catalogue]
    assert say(alert(), language).language == catalogue


@given(
    st.sampled_from(KINDS),
    st.sampled_from(list(Transition)),
    st.sampled_from(LANGUAGES),
    st.dictionaries(
        st.sampled_from([*PARCEL_FACTS, *OPERATOR_FACTS, "resolution"]),
        st.none()
        | st.integers()
        | st.text(max_size=40)
        | st.sampled_from(["1e400", "nan", "-3", "9999-12-31T23:59:59Z", "0001-01-01T00:00:00Z"]),
    ),
)
@settings(suppress_health_check=[HealthCheck.too_slow])
def test_facts_of_any_content_never_keep_an_alert_back(kind, transition, language, facts):
    message = say(alert(kind, transition, facts=facts), language)
    assert message.title
    assert message.what
    assert all(field.label and field.value for field in message.fields)


DOCUMENT = Path(__file__).parents[2] / "docs" / "alerts.md"
EXAMPLES = {
    "zh-CN": alert(
        "stalled",
        severity=Severity.WARN,
        facts={
            **PARCEL_FACTS,
            "reason": None,
            "last_event_at": "2026-11-03T10:20:00Z",
            "last_event_text": "【杭州转运中心】已发出，下一站【深圳转运中心】",
            "last_event_place": "杭州转运中心",
            "since": "2026-11-03T10:20:00Z",
            "hours": 51,
            "auto_confirm_at": "2026-11-12T10:20:00Z",
            "province": "广东省",
            "city": "深圳市",
            "failed_attempts": None,
        },
        deadline=None,
    ),
    "zh-TW": alert(
        "pickup_overdue",
        severity=Severity.WARN,
        facts={
            **PARCEL_FACTS,
            "order_ids": "261103A7K2M9QX,261103B8L3N0RY",
            "courier": "sf",
            "waybill_number": "SF0000000000001",
            "status": "available_for_pickup",
            "reason": None,
            "last_event_at": "2026-11-03T03:20:00Z",
            "last_event_text": "包裹已到店，請於期限內取貨",
            "last_event_place": "板橋文化門市",
            "auto_confirm_at": None,
            "province": "",
            "city": "新北市",
            "failed_attempts": None,
        },
        deadline=None,
    ),
    "en": alert(
        "receipt_auto_confirm",
        facts={
            **PARCEL_FACTS,
            "order_ids": "3300112233",
            "courier": "yanwen",
            "waybill_number": "UM000000001YP",
            "status": "customs",
            "reason": "customs_documents",
            "last_event_at": "2026-11-01T08:05:00Z",
            "last_event_text": "Awaiting documents from the importer",
            "last_event_place": "Felixstowe",
            "hours": None,
            "since": None,
            "threshold_hours": None,
            "auto_confirm_at": "2026-11-06T18:00:00Z",
            "province": None,
            "city": "Leeds",
            "failed_attempts": None,
        },
        deadline=datetime(2026, 11, 6, 18, 0, tzinfo=UTC),
    ),
}
SHOPS = {
    "zh-CN": ("云杉家居旗舰店", "Asia/Shanghai"),
    "zh-TW": ("雲杉選物", "Asia/Taipei"),
    "en": ("Spruce Home", "Europe/London"),
}


@pytest.mark.parametrize("kind", [*PARCEL_KINDS, *OPERATOR_KINDS])
def test_the_documentation_names_every_kind(kind):
    assert f"| `{kind}` |" in DOCUMENT.read_text(encoding="utf-8")


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_documented_examples_are_what_is_sent(language):
    shop_name, time_zone = SHOPS[language]
    message = say(EXAMPLES[language], language, shop_name=shop_name, time_zone=time_zone)
    document = re.sub(r"\s*\n\s*", "", DOCUMENT.read_text(encoding="utf-8"))
    labels = message.labels
    assert [text for text in said(message) if text.replace("\n", "") not in document] == []
    assert all(label in document for label in (labels.why, labels.todo, labels.buyer_text))


@pytest.mark.parametrize("kind", ["unpaid_order", "product_alarm"])
def test_only_rows_are_counted_as_rows(kind):
    counted = {"count": 3, "amount": "352.00", "days": 7, "topics": "logistics"}
    for language in LANGUAGES:
        shown = say(alert(kind, facts=counted), language)
        assert "3" in shown.what
        label = CATALOGUES[language].field_labels["rows"]
        assert label not in [field.label for field in shown.fields]
        rejected = say(alert("rows_rejected", facts=OPERATOR_FACTS), language)
        assert label in [field.label for field in rejected.fields]
