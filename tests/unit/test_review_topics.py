"""Topics, advertising and contacts in made-up reviews."""

from __future__ import annotations

import pytest

from review_scanner.classifier.advertising import _HINT_WORDS
from review_scanner.classifier.judging import judge, masked
from review_scanner.classifier.text import EDGE, read
from review_scanner.classifier.topics import TOPICS, topic_words


@pytest.mark.parametrize(
    ("text", "topic"),
    [
        ("快递等了一个星期才到", "logistics"),
        ("物流太慢，催了三次", "logistics"),
        ("The delivery took three weeks", "logistics"),
        ("刚买完就降价，也太贵了", "price"),
        ("Way overpriced for what it is", "price"),
        ("包装破了，瓶子漏了一半", "packaging"),
        ("The box arrived crushed and poorly wrapped", "packaging"),
        ("感觉是假货，跟专柜的不一样", "fake"),
        ("This is a counterfeit", "fake"),
        ("客服态度很差", "service"),
        ("Customer support never helped", "service"),
        ("尺码偏小，穿不上", "size"),
        ("Runs small, order one size up", "size"),
        ("做工粗糙，洗一次就掉色", "quality"),
        ("It broke after a week", "quality"),
        ("少发了一件，配件也没有", "wrong_or_missing_item"),
        ("发错颜色了", "wrong_or_missing_item"),
        ("They sent the wrong item", "wrong_or_missing_item"),
        ("實物與圖片不符，色差很大", "not_as_described"),
        ("Not as described at all", "not_as_described"),
    ],
)
def test_a_review_is_about_what_it_speaks_of(text, topic):
    assert topic in judge(text).topics


def test_topics_come_in_one_order_and_only_once():
    found = judge("质量差，物流慢，客服不理人，物流真的慢").topics
    assert found == [topic for topic in TOPICS if topic in found]
    assert {"logistics", "service", "quality"} <= set(found)


def test_every_word_of_the_lists_can_be_found():
    for words in topic_words().values():
        for word, topic in words:
            assert topic in judge(word.strip(EDGE).replace(EDGE, " ")).topics, word


def test_every_hint_at_an_advertisement_can_be_found():
    for word in _HINT_WORDS.split():
        assert 1 <= len(read(word).tokens) <= 3, word


def test_a_part_of_a_word_is_no_topic():
    words = [word for words in topic_words().values() for word, _ in words]
    assert f"{EDGE}ship{EDGE}" in words
    assert "logistics" not in judge("a lovely relationship").topics


@pytest.mark.parametrize(
    "text",
    [
        "兼职刷单日结，想赚钱的加微信abc12345",
        "同款低价出售，加V：xyz_8899，需要的联系",
        "厂家直销一手货源，薇信 ｗｘ１２３４５６",
        "优惠券群进群领券，扣扣１２３４５６７８９",
        "内部优惠券免费领，加➕v 1③8⓪0①38000",
        "Visit my store at www.example-deals.com and use my code SAVE50",
        "Earn $500 a day, work from home, WhatsApp me at jobs4you99",
        "代理加盟請加威信 abc_99887",
    ],
)
def test_an_offer_with_a_contact_is_advertising(text):
    assert judge(text).advertising


@pytest.mark.parametrize(
    "text",
    [
        *("很好，物流很快，会推荐给朋友", "客服加我微信帮我解决了安装问题，服务很好"),
        *("电池能用3天，充电2小时", "Works great, will buy again", "朋友说好用，我就买了两件"),
        *("老板送了优惠券，下次再来", "", "12345678901234567890"),
    ],
)
def test_praise_is_no_advertising(text):
    assert not judge(text).advertising


@pytest.mark.parametrize(
    "text",
    [
        "东西坏了，客服一直不理人，太差了，请打我电话13800000000",
        "收到的是假货，要求退款，联系我 微信 abc12345，垃圾店家",
    ],
)
def test_a_complaint_with_a_contact_is_escalated_and_shown_masked(text):
    judgement = judge(text)
    assert judgement.sentiment == "negative"
    assert not judgement.advertising
    assert judgement.contact_wanted
    shown = masked(text)
    assert "13800000000" not in shown
    assert "abc12345" not in shown


@pytest.mark.parametrize(
    ("text", "hidden"),
    [
        ("加V：xyz_8899", "xyz_8899"),
        ("微信号是 zhang33san", "zhang33san"),
        ("电话①③⑧⓪⓪⓪⓪⓪⓪⓪⓪", "③⑧⓪"),
        ("1 3 8 0 0 0 0 0 0 0 0", "3 8 0 0"),
    ],
)
def test_ids_and_disguised_numbers_are_masked(text, hidden):
    assert hidden not in masked(text)
    assert len(masked(text)) == len(text)
