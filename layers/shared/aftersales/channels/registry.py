"""From a target in the settings to its channel. Channels are imported when needed."""

from __future__ import annotations

import re
from collections.abc import Callable
from urllib.parse import urlsplit

from aftersales.channels.base import Channel
from aftersales.errors import Misconfigured
from aftersales.http import CONNECT_TIMEOUT_SECONDS, Transport
from aftersales.settings.model import Target

CHANNELS: tuple[str, ...] = ("dingtalk", "wecom", "feishu", "slack", "webhook", "sns")

_LOOPBACK = ("localhost", "127.0.0.1", "::1")
_TOPIC = re.compile(r"arn:aws[a-z-]*:sns:([a-z0-9-]+):\d{12}:[A-Za-z0-9_-]{1,256}")


def build_channel(target: Target, resolve: Callable[[str], str], transport: Transport) -> Channel:
    """The channel for `target`; `resolve` turns a secret reference into the secret.

    Raises `Misconfigured` for an unknown kind, a missing or impossible field, or whatever `resolve`
    raises.
    """
    if target.kind not in CHANNELS:
        raise Misconfigured(
            f"Target kind `{target.kind}` is not known.",
            what_to_do=f"Use one of: {', '.join(CHANNELS)}.",
        )
    if target.kind == "sns":
        return _sns(target)
    url = _url(target, resolve)
    secret = resolve(target.sign_secret).strip() if target.sign_secret else ""
    match target.kind:
        case "dingtalk":
            from aftersales.channels.dingtalk import DingTalk

            return DingTalk(target, url, secret, transport)
        case "wecom":
            from aftersales.channels.wecom import WeCom

            return WeCom(target, url, secret, transport)
        case "feishu":
            from aftersales.channels.feishu import Feishu

            return Feishu(target, url, secret, transport)
        case "slack":
            from aftersales.channels.slack import Slack

            return Slack(target, url, secret, transport)
        case _:
            from aftersales.channels.webhook import Webhook

            return Webhook(target, url, secret, transport)


def _url(target: Target, resolve: Callable[[str], str]) -> str:
    """The target's address. Errors do not repeat it: it mostly holds the robot's key."""
    if not target.url:
        raise Misconfigured(
            f"A target of kind {target.kind} has no `url`.",
            what_to_do="Set `url` to a secret reference such as env:ROBOT_URL.",
        )
    openly = target.url.startswith(("https://", "http://"))
    url = (target.url if openly else resolve(target.url)).strip()
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError:
        parts, host = urlsplit(""), ""
    if parts.scheme not in ("https", "http") or not host or re.search(r"\s", url):
        raise Misconfigured(
            f"The `url` of a target of kind {target.kind} is not an https address.",
            what_to_do="Copy it again from the robot's page, in one line.",
        )
    plain_allowed = target.allow_private_address or (target.kind != "webhook" and host in _LOOPBACK)
    if parts.scheme == "http" and not plain_allowed:
        raise Misconfigured(
            f"The `url` of a target of kind {target.kind} begins with http://.",
            what_to_do="Use https://, or set allow_private_address: true for a host of your own.",
        )
    return url


def _sns(target: Target) -> Channel:
    from aftersales.channels.sns import Sns

    if not target.topic_arn:
        raise Misconfigured(
            "A target of kind sns has no `topic_arn`.",
            what_to_do="Set it to arn:aws:sns:<region>:<account>:<topic>.",
        )
    topic = _TOPIC.fullmatch(target.topic_arn)
    if topic is None:
        raise Misconfigured(
            "The `topic_arn` of a target of kind sns is not the ARN of a standard topic.",
            what_to_do="FIFO topics cannot send e-mail or SMS; use a standard one.",
        )
    from botocore.config import Config

    from aftersales import aws

    config = Config(  # type: ignore[no-untyped-call]
        connect_timeout=CONNECT_TIMEOUT_SECONDS,
        read_timeout=5,
        # The dispatcher repeats by its own rules; a silent second publish would be a second mail.
        retries={"total_max_attempts": 1},
    )
    client = aws.session().create_client("sns", region_name=topic[1], config=config)
    return Sns(target, client)
