"""What an agent reads in each channel, and what a buyer's text cannot do there."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aftersales.channels.dingtalk import DingTalk
from aftersales.channels.feishu import Feishu
from aftersales.channels.layout import prepare
from aftersales.channels.slack import Slack
from aftersales.channels.sns import Sns
from aftersales.channels.wecom import WeCom
from aftersales.findings import Severity
from aftersales.http import HttpReply
from aftersales.messages.base import Button, Field, Message
from aftersales.settings.model import Target
from tests.channel_samples import (
    ACCEPTED,
    LABELS_EN,
    LABELS_ZH,
    NOW,
    TOPIC,
    URLS,
    Topic,
    Wire,
    english,
    http_channel,
    message,
    published_by,
    sent_by,
    words,
)

ROBOTS = ("dingtalk", "wecom", "feishu", "slack")
WIRE = Wire(HttpReply(500))


def both_forms(kind: str, said: Message, **target) -> list[str]:
    """The decoded texts of the marked-up form and of the plain one, as the robot reads them."""
    settings_ = Target(kind=kind, **target)
    if kind == "sns":
        sns = Sns(settings_, Topic())
        said = prepare(said)
        return [*json.loads(sns.structured(said)).values(), sns.text(said), sns.subject(said)]
    said = prepare(said)
    if kind == "dingtalk":
        robot = DingTalk(settings_, URLS[kind], "", WIRE)
        rich = robot.markdown(said)["markdown"]
        return [rich["title"], rich["text"], robot.text(said)["text"]["content"]]
    if kind == "wecom":
        wecom = WeCom(settings_, URLS[kind], "", WIRE)
        return [wecom.markdown(said)["markdown"]["content"], wecom.text(said)["text"]["content"]]
    if kind == "feishu":
        feishu = Feishu(settings_, URLS[kind], "", WIRE)
        card = feishu.card(said)["card"]
        texts = [card["header"]["title"]["content"]]
        texts += [e["text"]["content"] for e in card["elements"] if e["tag"] == "div"]
        return [*texts, feishu.text(said)["content"]["text"]]
    slack = Slack(settings_, URLS[kind], "", WIRE)
    blocks = slack.blocks(said)
    return [
        blocks["text"],
        *(b["text"]["text"] for b in blocks["blocks"]),
        slack.text(said)["text"],
    ]


# --- reading order


@pytest.mark.parametrize("kind", [*ROBOTS, "sns"])
@pytest.mark.parametrize("said", [message(), english()], ids=["zh-CN", "en"])
def test_an_agent_reads_what_happened_then_facts_why_what_to_do_until_when_and_the_buyers_text(
    kind, said
):
    if kind == "sns":
        text = json.loads(published_by(said)["Message"])["email"]
    else:
        body = sent_by(kind, said)
        text = words(body if kind != "slack" else body["blocks"])
    expected = [said.title, said.what, said.fields[0].label, said.fields[0].value]
    labels = said.labels
    for label, sentence in (
        (labels.why, said.why),
        (labels.todo, said.todo),
        (labels.until, said.until),
        (labels.buyer_text, said.buyer_text),
    ):
        expected += [label, sentence]
    expected += ["7K3M9QW2-1"]
    places = [text.find(part) for part in expected]
    assert -1 not in places
    assert places == sorted(places)


def test_a_dingtalk_message_reads_well():
    said = sent_by("dingtalk", message(mentions=("13800000001",)))["markdown"]
    assert said["title"] == "[售后] 🔴 紧急：包裹 2 天没有新物流"
    assert said["text"].split("\n\n") == [
        "### [售后] 🔴 紧急：包裹 2 天没有新物流",
        "圆通 YT8830012345678 从 10月10日 09:12 起没有新的扫描。",
        "- 订单：260101-1234_5  \n- 店铺：小桔旗舰店",
        "**为什么重要**：买家会来问，平台会算作物流异常。",
        "**怎么做**：联系圆通网点查件。",
        "**最晚**：10月13日 18:00",
        "**发给买家的话**：  \n> 亲，包裹在路上耽搁了，我们已经在催。",
        "[看包裹](https://desk.example.com/c/7K3M9QW2)",
        "@13800000001",
        "ID 7K3M9QW2-1",
    ]


def test_an_english_slack_message_reads_well():
    body = sent_by("slack", english(mentions=("U012AB34",)))
    assert body["blocks"][0]["text"]["text"] == "[After-sales] 🔴 Urgent: no scan for 2 days"
    assert body["blocks"][1]["text"]["text"].split("\n\n") == [
        "YTO YT8830012345678 has not been scanned since 10 Oct 09:12.",
        "• Order: 260101-1234_5\n• Shop: Orange",
        "*Why it matters*: The buyer will ask.",
        "*What to do*: Call the branch.",
        "*Until*: 13 Oct 18:00",
        "*Text for the buyer*:\n> Hello, your parcel is late; we are on it.",
        "<https://desk.example.com/c/7K3M9QW2|Open>",
        "<@U012AB34>",
        "_ID 7K3M9QW2-1_",
    ]
    assert body["text"].startswith("[After-sales] 🔴 Urgent: no scan for 2 days\nYTO YT88")


def test_the_webhook_body_is_the_documented_object():
    assert sent_by("webhook", english(solved=True)) == {
        "alert_id": "7K3M9QW2-1",
        "title": "Urgent: no scan for 2 days",
        "severity": "alarm",
        "solved": True,
        "what": "YTO YT8830012345678 has not been scanned since 10 Oct 09:12.",
        "why": "The buyer will ask.",
        "todo": "Call the branch.",
        "until": "13 Oct 18:00",
        "fields": {"Order": "260101-1234_5", "Shop": "Orange"},
        "buyer_text": "Hello, your parcel is late; we are on it.",
        "buttons": [{"label": "Open", "url": "https://desk.example.com/c/7K3M9QW2"}],
        "language": "en",
    }


def test_two_facts_of_one_label_are_both_in_the_webhook_body():
    said = message(fields=(Field("订单", "A1"), Field("订单", "A2")))
    assert sent_by("webhook", said)["fields"] == {"订单": "A1, A2"}


@pytest.mark.parametrize(
    ("severity", "colour"),
    [("notice", "blue"), ("warn", "orange"), ("alarm", "red"), ("critical", "carmine")],
)
def test_feishu_cards_are_coloured_by_severity_and_green_when_solved(severity, colour):
    said = message(severity=Severity(severity))
    assert sent_by("feishu", said)["card"]["header"]["template"] == colour
    solved = sent_by("feishu", message(severity=Severity(severity), solved=True))
    assert solved["card"]["header"]["template"] == "green"


def test_wecom_has_a_colour_for_good_news_and_one_for_bad():
    bad = sent_by("wecom", message())["markdown"]["content"]
    good = sent_by("wecom", message(solved=True))["markdown"]["content"]
    mild = sent_by("wecom", message(severity=Severity.NOTICE))["markdown"]["content"]
    assert '<font color="warning">圆通' in bad
    assert '<font color="info">圆通' in good
    assert '<font color="warning">' not in mild


# --- keyword and prefix


@pytest.mark.parametrize("kind", [*ROBOTS, "sns"])
@pytest.mark.parametrize("solved", [False, True])
@pytest.mark.parametrize(
    ("language", "keyword", "start"),
    [
        ("zh-CN", "", "[售后]"),
        ("zh-TW", "", "[售後]"),
        ("en", "", "[After-sales]"),
        ("zh-CN", "售后", "[售后]"),
        ("zh-TW", "售后", "售后 [售後]"),
        ("zh-CN", "a_b*", "a_b* [售后]"),
        ("en", "告警", "告警 [After-sales]"),
    ],
)
def test_every_form_of_every_message_begins_with_prefix_and_keyword(
    kind, solved, language, keyword, start
):
    said = message(language=language, solved=solved)
    forms = both_forms(kind, said, keyword=keyword)
    if kind == "feishu":
        forms = [forms[0], forms[-1]]  # a card is one message: its header comes first
    if kind == "slack":
        forms = [forms[0], forms[1], forms[3]]
    for text in forms:
        assert text.removeprefix("### ").startswith(start)


def test_a_title_that_already_has_the_prefix_is_not_given_it_twice():
    text = sent_by("dingtalk", message(title="[售后] 包裹停滞"))["markdown"]["title"]
    assert text == "[售后] 🔴 包裹停滞"


# --- mentions


def test_dingtalk_mentions_stand_in_the_text_and_in_at():
    body = sent_by("dingtalk", message(mentions=("13800000001", "@manager7")))
    assert body["at"] == {
        "atMobiles": ["13800000001"],
        "atUserIds": ["manager7"],
        "isAtAll": False,
    }
    assert "@13800000001 @manager7" in body["markdown"]["text"]


def test_wecom_mentions_user_ids_in_markdown_and_phones_only_in_text():
    by_id = sent_by("wecom", message(mentions=("agent7",)))
    assert "<@agent7>" in by_id["markdown"]["content"]
    by_phone = sent_by("wecom", message(mentions=("agent7", "13800000001")))
    assert by_phone["msgtype"] == "text"
    assert by_phone["text"]["mentioned_list"] == ["agent7"]
    assert by_phone["text"]["mentioned_mobile_list"] == ["13800000001"]


def test_feishu_mentions_are_tags_and_a_phone_would_spoil_the_card():
    body = sent_by("feishu", message(mentions=("ou_abc", "13800000001")))
    assert "<at id=ou_abc></at>" in words(body)
    assert "<at id=13800000001>" not in words(body)
    plain = both_forms("feishu", message(mentions=("ou_abc",)))[-1]
    assert '<at user_id="ou_abc"></at>' in plain


def test_slack_mentions_people_and_groups_and_drops_what_is_no_slack_id():
    body = sent_by("slack", message(mentions=("U012AB34", "S0614TZR7", "13800000001", "lee")))
    section = body["blocks"][1]["text"]["text"]
    assert "<@U012AB34> <!subteam^S0614TZR7>\n" in section
    assert "13800000001" not in section


def test_only_the_shops_own_settings_can_call_everybody():
    assert sent_by("dingtalk", message(mentions=("all",)))["at"]["isAtAll"] is True
    assert sent_by("wecom", message(mentions=("all",)))["text"]["mentioned_list"] == ["@all"]
    assert "<at id=all></at>" in words(sent_by("feishu", message(mentions=("all",))))
    assert "<!channel>" in words(sent_by("slack", message(mentions=("all",))))


@pytest.mark.parametrize("bad", ["a b", "x><at id=all", "", "ou_1\n", "@" * 3, "张三", "a" * 65])
def test_a_mention_that_is_no_id_is_left_out(bad):
    prepared = prepare(message(mentions=(bad, "agent7")))
    assert prepared.mentions in (("agent7",), ("ou_1", "agent7"))


# --- what a buyer's text cannot do

ATTACKS = [
    "@all",
    "@所有人",
    "@13800000001",
    "<!channel>",
    "<!here>",
    "<@U012AB34>",
    "<@all>",
    '<at user_id="all"></at>',
    "<at id=all></at>",
    "&lt;at id=all&gt;",
    "[点这里](https://evil.example)",
    "<https://evil.example|点这里>",
    "![x](https://evil.example/x.png)",
    "**粗**",
    "# 标题",
    "`x`",
    '<font color="warning">x</font>',
    "\\[x](y)",
    "](https://evil.example)",
    "\u202e倒过来",
    "a\r\n\r\n# b",
    '"},"at":{"isAtAll":true}}',
]


def places_for(attack: str) -> Message:
    return message(
        title=f"标题 {attack}",
        what=f"事情 {attack}",
        why=attack,
        todo=attack,
        until=attack,
        fields=(Field(attack, attack),),
        buyer_text=f"{attack}\n{attack}",
        buttons=(Button(f"按钮 {attack}", "https://desk.example.com/c/1"),),
    )


@pytest.mark.parametrize("kind", ROBOTS)
@pytest.mark.parametrize("attack", ATTACKS)
def test_text_from_a_buyer_neither_calls_a_group_nor_makes_markup(kind, attack):
    *marked_up, plain = both_forms(kind, places_for(attack))
    for sent in (*marked_up, plain):
        text = sent.replace("<https://desk.example.com/c/1|", "")
        assert "\u202e" not in text
        for tag in ("<!", "<@", "<at", "<http", '<font color="warning">x'):
            assert tag not in text
        assert "@" not in text or kind == "slack"  # Slack knows <@...> only
    header = {"feishu": 0, "slack": 1}.get(kind)  # of type plain_text: shown as it stands
    for sent in (text for place, text in enumerate(marked_up) if place != header):
        for markup in ("](https://evil", "![", "\n# ", "> # ", "**粗", "`x`"):
            assert markup not in sent


@pytest.mark.parametrize("attack", ATTACKS)
def test_text_from_a_buyer_leaves_the_at_field_of_dingtalk_alone(attack):
    body = sent_by("dingtalk", places_for(attack))
    assert body["at"] == {"atMobiles": [], "atUserIds": [], "isAtAll": False}


@pytest.mark.parametrize("attack", ATTACKS)
def test_text_from_a_buyer_reaches_a_webhook_as_data_and_no_header(attack):
    wire = Wire(HttpReply(204))
    http_channel("webhook", wire).send(message(alert_id=f"A1{attack}", what=attack), NOW)
    assert wire.requests[0].headers["webhook-id"].replace("_", "").replace("-", "").isalnum()
    assert all(value.isascii() and "\n" not in value for value in wire.requests[0].headers.values())


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        "//evil.example",
        "ftp://x/y",
        "",
        "https://",
        "https://x/" + "a" * 1500,
    ],
)
def test_a_button_that_is_no_usable_link_is_left_out(url):
    assert prepare(message(buttons=(Button("x", url),))).buttons == ()


def test_a_link_cannot_end_the_markup_around_it():
    said = message(buttons=(Button("x]", 'https://desk.example.com/a)b|c> d\n"e*f'),))
    text = sent_by("dingtalk", said)["markdown"]["text"]
    assert "[x］](https://desk.example.com/a%29b%7Cc%3E%20d%0A%22e%2Af)" in text


# --- limits

MARKS = [
    "a",
    "Z",
    "7",
    "售",
    "后",
    "，",
    "\n",
    " ",
    "é",
    "ü",
    "😀",
    "👩‍👩‍👧",
    "🇨🇳",
    "\u200d",
    "\ufe0f",
]
MARKS += ["א", "ש", "ع", "م", "\u200b", "\u200f", "\u202e", "\u0000", "\u0007", "\ud800", "\u2028"]
MARKS += ['"', "\\", "<", ">", "&", "@", "*", "_", "[", "](", "`", "#", "|", "%", "<at id=all>"]
TEXTS = st.one_of(
    st.text(max_size=300),
    st.lists(st.sampled_from(MARKS), max_size=400).map("".join),
    st.tuples(st.sampled_from(MARKS), st.integers(0, 9000)).map(lambda pair: pair[0] * pair[1]),
)
MESSAGES = st.builds(
    Message,
    alert_id=st.just("7K3M9QW2-1"),
    title=TEXTS.map(lambda text: f"包裹停滞 {text}"),
    severity=st.sampled_from(list(Severity)),
    what=TEXTS,
    why=TEXTS,
    todo=TEXTS,
    until=TEXTS,
    fields=st.lists(st.builds(Field, TEXTS, TEXTS), max_size=40).map(tuple),
    buyer_text=TEXTS,
    buttons=st.lists(
        st.builds(Button, TEXTS, TEXTS.map(lambda text: f"https://desk.example.com/{text}")),
        max_size=6,
    ).map(tuple),
    mentions=st.lists(st.one_of(TEXTS, st.sampled_from(["ou_abc", "U012AB34", "all"]))).map(tuple),
    solved=st.booleans(),
    language=st.sampled_from(["zh-CN", "zh-TW", "en"]),
    labels=st.sampled_from([None, LABELS_ZH, LABELS_EN]),
)


def units(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


@settings(max_examples=150, deadline=None)
@given(said=MESSAGES)
def test_whatever_the_texts_are_every_body_is_within_its_limit_and_keeps_title_and_id(said):
    for kind in (*ROBOTS, "webhook"):
        refusals = {
            "dingtalk": HttpReply(200, b'{"errcode":460101}'),
            "wecom": HttpReply(200, b'{"errcode":40058}'),
            "feishu": HttpReply(200, b'{"code":11246}'),
            "slack": HttpReply(400, b"invalid_payload"),
            "webhook": HttpReply(413),
        }
        wire = Wire(refusals[kind])
        http_channel(kind, wire, keyword="告警").send(said, NOW)
        assert len(wire.requests) == 2
        for request, body in zip(wire.requests, wire.bodies, strict=True):
            assert "7K3M9QW2-1" in words(body)
            assert "包裹停滞" in words(body)
            if kind in ("dingtalk", "feishu"):
                assert len(request.body) <= 20_000
            elif kind == "webhook":
                assert len(request.body) <= 64 * 1024
            elif kind == "wecom":
                if body["msgtype"] == "markdown":
                    assert len(body["markdown"]["content"].encode()) <= 4096
                else:
                    assert len(body["text"]["content"].encode()) <= 2048
            else:
                for block in body.get("blocks", []):
                    limit = 150 if block["type"] == "header" else 3000
                    assert 0 < units(block["text"]["text"]) <= limit


@settings(max_examples=100, deadline=None)
@given(said=MESSAGES, ascii_subject=st.booleans())
def test_whatever_the_texts_are_sns_gets_a_valid_subject_and_size(said, ascii_subject):
    published = published_by(said, ascii_subject=ascii_subject, keyword="告警")
    subject = published["Subject"]
    assert 0 < units(subject) < 100
    assert subject.isprintable() or not any(ord(c) < 32 or ord(c) == 127 for c in subject)
    assert len("".join(subject.splitlines())) == len(subject)
    assert subject.isascii() or not ascii_subject
    assert len(published["Message"].encode()) + len(subject.encode()) < 262_144
    parts = json.loads(published["Message"])
    assert set(parts) == {"default", "email", "sms"}
    assert units(parts["sms"]) <= 134
    for text in parts.values():
        assert "7K3M9QW2-1" in text
        assert "包裹停滞" in text


@pytest.mark.parametrize("kind", [*ROBOTS, "webhook"])
def test_a_long_chinese_message_is_cut_where_it_is_needed_least(kind):
    said = message(
        buyer_text="亲，" * 30_000,
        fields=tuple(Field(f"事实{n}", "物流" * 150) for n in range(60)),
    )
    text = json.dumps(sent_by(kind, said), ensure_ascii=False)
    for part in (said.title, said.what, said.todo, said.until, "https://desk.example.com/c/"):
        assert part in text
    assert "事实0" in text
    if kind != "webhook":
        assert "事实59" not in text
        assert "……另有" in text


def test_the_number_of_facts_left_out_is_right():
    said = message(fields=tuple(Field(f"事实{n}", "物流" * 150) for n in range(60)))
    text = sent_by("wecom", said)["markdown"]["content"]
    shown = sum(f"事实{n}：" in text for n in range(60))
    assert shown > 0
    assert f"……另有 {60 - shown} 条" in text


@pytest.mark.parametrize("kind", [*ROBOTS, "webhook"])
def test_a_message_that_fits_is_not_cut(kind):
    assert "…" not in words(sent_by(kind, message()))


def test_a_cut_never_leaves_half_a_link_or_half_a_mention():
    url = "https://desk.example.com/c/" + "x" * 600
    for length in range(900, 1400, 7):
        said = message(
            what="事" * length,
            buttons=(Button("看包裹", url),) * 2,
            mentions=("agent7", "agent8"),
        )
        text = sent_by("wecom", said)["markdown"]["content"]
        assert text.count("[看包裹](") == text.count(f"[看包裹]({url})")
        assert text.count("<@agent") == text.count("<@agent7>") + text.count("<@agent8>")
        assert text.count("<font") == text.count("</font>") == 2


def test_the_accepted_samples_cover_all_http_channels():
    assert set(ACCEPTED) == set(URLS)


# --- SNS


def test_an_sns_message_has_a_mail_an_sms_and_a_subject():
    published = published_by(message())
    assert published["TopicArn"] == TOPIC
    assert published["MessageStructure"] == "json"
    assert published["Subject"] == "[售后] 紧急：包裹 2 天没有新物流"
    parts = json.loads(published["Message"])
    assert parts["default"] == parts["email"]
    assert parts["sms"] == (
        "[售后]紧急：包裹 2 天没有新物流 10月13日 18:00 "
        "https://desk.example.com/c/7K3M9QW2 7K3M9QW2-1"
    )


@pytest.mark.parametrize(
    ("said", "subject"),
    [
        (message(), "[After-sales] alarm 7K3M9QW2-1"),
        (message(solved=True), "[After-sales] solved 7K3M9QW2-1"),
        (english(), "[After-sales] alarm 7K3M9QW2-1 Urgent: no scan for 2 days"),
    ],
)
def test_an_old_mail_gateway_can_have_ascii_subjects(said, subject):
    assert published_by(said, ascii_subject=True)["Subject"] == subject


def test_a_subject_cannot_carry_a_header():
    subject = published_by(english(title="No scan\r\nBcc: thief@evil.example\x00!"))["Subject"]
    assert subject == "[After-sales] No scan Bcc: thief@evil.example !"


def test_a_topic_takes_the_message():
    import boto3
    from moto import mock_aws

    with mock_aws():
        session = boto3.Session("testing", "testing", region_name="ap-east-1")
        client = session.client("sns")
        topic = client.create_topic(Name="after-sales")["TopicArn"]
        queue = session.client("sqs").create_queue(QueueName="reader")["QueueUrl"]
        client.subscribe(
            TopicArn=topic, Protocol="sqs", Endpoint="arn:aws:sqs:ap-east-1:123456789012:reader"
        )
        good = Sns(Target(kind="sns", topic_arn=topic), client).send(message(), NOW)
        gone = Sns(Target(kind="sns", topic_arn=topic + "-gone"), client).send(message(), NOW)
        received = session.client("sqs").receive_message(QueueUrl=queue)["Messages"]

    assert good.delivered
    envelope = json.loads(received[0]["Body"])
    assert envelope["Message"].startswith("[售后] 🔴 紧急：包裹 2 天没有新物流")
    assert (gone.kind.value, gone.code) == ("bad_config", "NotFound")
