"""Where judging by single words goes wrong: questions, flaws that are not there, contacts."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from review_scanner import judging as desk_judging
from review_scanner import texts
from review_scanner.classifier.denials import denies, names_a_lack
from review_scanner.classifier.judging import judge
from review_scanner.classifier.questions import is_question
from review_scanner.classifier.sentiment import reasons
from review_scanner.classifier.text import folded, plain
from review_scanner.rules import kind_of
from tests.unit.test_review_rules import RULES, a_record

QUESTIONS = [
    "有没有小一码的？",
    "请问有没有红色的",
    "有沒有大一號的？",
    "还有货吗",
    "请问可以放洗碗机吗？",
    "請問可以機洗嗎？",
    "能不能放微波炉？",
    "这个怎么安装？",
    "老板，什么时候补货呢？",
    "这款适合敏感肌吗？",
    "请问这个多高？",
    "Is there a smaller size?",
    "Does it come in black?",
    "How do I clean it?",
]
REPROACHES = [
    "为什么还没发货？",
    "怎么没有说明书？",
    "你们有没有良心？",
    "能不能退货？",
    "有没有搞错，这么小？",
    "质量这么差能用吗？",
    "Is this a joke?",
    "Can I get a refund?",
    "杯盖漏水，能不能给个说法？",
]


@pytest.mark.parametrize("text", QUESTIONS)
@pytest.mark.parametrize("rating", [None, 5])
def test_a_question_for_information_is_a_question_whatever_its_score(text, rating):
    verdict = desk_judging.judge(text, rating)
    assert not verdict.complains
    record = a_record(verdict=verdict, rating=rating)
    assert kind_of(record, RULES, asks=texts.asks(text)) == "review_question"
    assert not record.bad


def test_a_question_under_one_star_is_still_a_bad_review():
    verdict = desk_judging.judge("有没有小一码的？", 1)
    assert kind_of(a_record(verdict=verdict, rating=1), RULES, asks=True) == "bad_review"


@pytest.mark.parametrize("text", REPROACHES)
def test_a_reproach_in_the_form_of_a_question_is_a_complaint(text):
    assert not is_question(folded(plain(text)))
    assert desk_judging.judge(text, 5).complains


@given(st.text(max_size=120))
def test_no_text_is_too_strange_to_be_asked_whether_it_is_a_question(text):
    assert is_question(folded(plain(text))) in (True, False)


@pytest.mark.parametrize(
    "text",
    [
        "收到了，很新鲜。一个坏的都没有！赞",
        "味道很好，没有异味，没有破损",
        "手机很漂亮，就是有点重，不过影响不大",
        "房间很好，但是可以接受",
        "屏幕清楚，不过我不玩游戏，所以无所谓",
        "整晚没听到过空调的声音，很好",
        "Nice lamp, no problems at all. Would buy again",
    ],
)
def test_a_flaw_that_is_not_there_or_does_not_matter_is_no_hidden_complaint(text):
    assert not judge(text, 5).hidden_complaint


@pytest.mark.parametrize(
    "text",
    [
        "衣服很好看，就是物流太慢了",
        "外观不错，但是用了三天就坏了",
        "客服态度好，但问题没有解决",
        "东西很漂亮，可惜有点漏水",
        "Looks great, but it broke after two days",
    ],
)
def test_a_complaint_after_praise_is_still_heard(text):
    assert judge(text, 5).hidden_complaint


@pytest.mark.parametrize(
    ("sentence", "denied"),
    [
        ("没有一个损坏", True),
        ("没有解决问题", False),
        ("根本没有说的问题解决", False),
        ("能接受", True),
        ("不能接受", False),
        ("影响不大", True),
        ("影响很大", False),
    ],
)
def test_what_is_denied_is_the_flaw_and_not_the_help(sentence, denied):
    assert denies(sentence) is denied


def test_words_of_lack_are_known_in_both_languages():
    assert names_a_lack("就是慢了点")
    assert names_a_lack("but it is too small")
    assert not names_a_lack("但仍是一本好书")


@pytest.mark.parametrize(
    "text",
    [
        "质量不错，喜欢的加V：meijia2026，低价",
        "全场5折，＋薇 xiaomei888 领券",
        "➕V❶❸❽00138000",
        "同款工厂价找我，wx: gongchang01",
        "宝贝很好，需要同款的加QQ12345678",
        "加入我们的福利群，免费领样品",
        "衣服很好看，扫二维码领红包",
        "V❤️xinxin520，免费送小样",
        "兼职打字员，日结，+Q 987654321",
        "很好用，我的微信是abc9988，可以交流",
        "个人原因，以800元的价格转让，全新",
        "包车找小李13800138000，人很好",
        "Contact me on WhatsApp +1 202 555 0123 for cheap price",
        "telegram @cheapshop best prices",
        "WIN a £500 voucher! Txt GO to 80062 now",
    ],
)
def test_a_contact_with_an_offer_or_of_somebody_content_is_an_advertisement(text):
    assert judge(text, 5).advertising


@pytest.mark.parametrize(
    "text",
    [
        "客服电话400-123-4567态度很好",
        "微信支付很方便，iphone14也能用",
        "抖音上看到买的，很好",
        "小红书推荐的，确实好用",
        "客服加我微信处理得很好，满意",
        "免费送的小样不错，有优惠券",
        "订单号13800138000，很满意",
        "手感好，喜欢的朋友可以交流，QQ12345678",
        "微辣的很好吃，加微辣更香",
        "加微波炉热一下就能吃，方便",
    ],
)
def test_names_of_services_and_numbers_of_orders_are_no_advertisement(text):
    assert not judge(text, 5).advertising


@pytest.mark.parametrize(
    "text", ["坏了没人管，请联系我13800138000", "太差了，加我微信abc123我给你看图"]
)
def test_a_contact_in_a_complaint_is_escalated_and_no_advertisement(text):
    judged = judge(text, 1)
    assert (judged.advertising, judged.contact_wanted) == (False, True)


@pytest.mark.parametrize("text", [
    "Muy bueno, llegó rápido y la calidad es excelente", "Me encanta, lo recomiendo a todos",
    "Très bon produit, livraison rapide, je recommande", "Sehr gute Qualität, passt perfekt",
    "Отличный товар, быстрая доставка, спасибо", "ดีมาก ส่งเร็ว สินค้าตรงปก",
    "Produto muito bom, recomendo", "배송도 빠르고 품질도 좋아요",
    "Ottimo prodotto, spedizione veloce", "ممتاز جدا وسريع التوصيل",
])  # fmt: skip
def test_a_good_review_in_a_language_that_was_not_learnt_is_no_complaint(text):
    judgement = judge(text, 5)
    assert (judgement.sentiment, judgement.score) == ("neutral", 0.0)
    assert not judgement.hidden_complaint
    assert not judge(text).hidden_complaint


@pytest.mark.parametrize(("text", "sentiment"), [
    ("👍👍", "positive"), ("❤️❤️❤️", "positive"), ("🌹", "positive"), ("👎", "negative"),
    ("😡😡😡", "negative"), ("😀😡", "neutral"), ("。。。", "neutral"), ("！！！", "neutral"),
    ("...", "neutral"), ("1", "neutral"), ("🧦🧦", "neutral"),
])  # fmt: skip
def test_a_text_without_letters_says_what_its_faces_say(text, sentiment):
    judgement = judge(text, 5)
    assert judgement.sentiment == sentiment
    assert judgement.hidden_complaint == (sentiment == "negative")
    assert judgement.topics == []


def test_a_text_without_letters_has_no_n_grams_to_explain_it():
    assert reasons("👍👍") == (judge("👍👍").score, [])
    assert reasons("Bardzo dobry produkt, polecam") == (0.0, [])
