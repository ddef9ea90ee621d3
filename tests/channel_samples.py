"""A wire that records, channels built over it, and a message as it would be sent."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from aftersales.channels.base import Channel
from aftersales.channels.dingtalk import DingTalk
from aftersales.channels.feishu import Feishu
from aftersales.channels.slack import Slack
from aftersales.channels.sns import Sns
from aftersales.channels.webhook import Webhook
from aftersales.channels.wecom import WeCom
from aftersales.findings import Severity
from aftersales.http import HttpReply, HttpRequest
from aftersales.messages.base import Button, Field, Labels, Message
from aftersales.settings.model import Target

NOW = datetime.fromtimestamp(1_700_000_000, UTC)
TOPIC = "arn:aws:sns:ap-east-1:123456789012:after-sales"
WEBHOOK_SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
# Everything that must never be read in an outcome.
SECRETS = ("tok-5e1f00d", "SECdemo0123456789", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
URLS = {
    "dingtalk": "https://oapi.dingtalk.com/robot/send?access_token=tok-5e1f00d",
    "wecom": "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=tok-5e1f00d",
    "feishu": "https://open.feishu.cn/open-apis/bot/v2/hook/tok-5e1f00d",
    "slack": "https://hooks.slack.com/services/T0/B0/tok-5e1f00d",
    "webhook": "https://desk.example.com/hooks/tok-5e1f00d",
}
SIGNED = {"dingtalk": "SECdemo0123456789", "feishu": "SECdemo0123456789", "webhook": WEBHOOK_SECRET}
ACCEPTED = {
    "dingtalk": b'{"errcode":0,"errmsg":"ok"}',
    "wecom": b'{"errcode":0,"errmsg":"ok"}',
    "feishu": b'{"code":0,"msg":"success","data":{}}',
    "slack": b"ok",
    "webhook": b"",
}
LABELS_ZH = Labels(
    why="为什么重要",
    todo="怎么做",
    until="最晚",
    buyer_text="发给买家的话",
    severity="紧急",
    more="……另有 {count} 条",
)
LABELS_EN = Labels(
    why="Why it matters",
    todo="What to do",
    until="Until",
    buyer_text="Text for the buyer",
    severity="urgent",
    more="… {count} more",
)


class Wire:
    """A `Transport` that records requests and gives the prepared answers, the last one for ever."""

    def __init__(self, *answers: HttpReply | Exception) -> None:
        self.answers = list(answers)
        self.requests: list[HttpRequest] = []

    def __call__(self, request: HttpRequest) -> HttpReply:
        self.requests.append(request)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer

    @property
    def bodies(self) -> list[Any]:
        return [json.loads(request.body) for request in self.requests]


class Topic:
    """A boto3-like SNS client that records what is published."""

    def __init__(self, answer: Any = None) -> None:
        self.answer = {"MessageId": "4f0c9a52-made-up"} if answer is None else answer
        self.published: list[dict[str, Any]] = []

    def publish(self, **parameters: Any) -> Any:
        self.published.append(parameters)
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


def message(**changes: Any) -> Message:
    """A stalled parcel, as the wording writes it."""
    values: dict[str, Any] = {
        "alert_id": "7K3M9QW2-1",
        "title": "紧急：包裹 2 天没有新物流",
        "severity": Severity.ALARM,
        "what": "圆通 YT8830012345678 从 10月10日 09:12 起没有新的扫描。",
        "why": "买家会来问，平台会算作物流异常。",
        "todo": "联系圆通网点查件。",
        "until": "10月13日 18:00",
        "fields": (Field("订单", "260101-1234_5"), Field("店铺", "小桔旗舰店")),
        "buyer_text": "亲，包裹在路上耽搁了，我们已经在催。",
        "buttons": (Button("看包裹", "https://desk.example.com/c/7K3M9QW2"),),
        "labels": LABELS_ZH,
    }
    return Message(**{**values, **changes})


def english(**changes: Any) -> Message:
    """The same in English."""
    values: dict[str, Any] = {
        "title": "Urgent: no scan for 2 days",
        "what": "YTO YT8830012345678 has not been scanned since 10 Oct 09:12.",
        "why": "The buyer will ask.",
        "todo": "Call the branch.",
        "until": "13 Oct 18:00",
        "fields": (Field("Order", "260101-1234_5"), Field("Shop", "Orange")),
        "buyer_text": "Hello, your parcel is late; we are on it.",
        "buttons": (Button("Open", "https://desk.example.com/c/7K3M9QW2"),),
        "language": "en",
        "labels": LABELS_EN,
    }
    return message(**{**values, **changes})


def http_channel(kind: str, wire: Wire, **target: Any) -> Channel:
    """A channel over `wire`, signed where it can be; the webhook's host resolves to a public IP."""
    settings = Target(kind=kind, url="env:ROBOT_URL", **target)
    url, secret = URLS[kind], SIGNED.get(kind, "")
    if kind == "webhook":
        return Webhook(settings, url, secret, wire, lambda host: ["93.184.215.14"])
    classes: dict[str, Callable[..., Channel]] = {
        "dingtalk": DingTalk,
        "wecom": WeCom,
        "feishu": Feishu,
        "slack": Slack,
    }
    return classes[kind](settings, url, secret, wire)


def sent_by(kind: str, said: Message, **target: Any) -> Any:
    """The decoded body that a channel of `kind` sends for `said`."""
    wire = Wire(HttpReply(200, ACCEPTED[kind]))
    assert http_channel(kind, wire, **target).send(said, NOW).delivered
    return wire.bodies[0]


def published_by(said: Message, **target: Any) -> dict[str, Any]:
    """What the SNS channel publishes for `said`."""
    topic = Topic()
    assert Sns(Target(kind="sns", topic_arn=TOPIC, **target), topic).send(said, NOW).delivered
    return topic.published[0]


def words(body: Any) -> str:
    """Every string in a body, one per line, in its order."""
    if isinstance(body, str):
        return body
    if isinstance(body, dict):
        return "\n".join(words(value) for value in body.values())
    if isinstance(body, list):
        return "\n".join(words(value) for value in body)
    return ""
