"""Checks of the section `alerts`: targets, routes, operators."""

from __future__ import annotations

import re
from urllib.parse import parse_qsl, urlsplit

from aftersales.cases.kinds import BILL_KINDS, REVIEW_KINDS
from aftersales.channels.registry import CHANNELS
from aftersales.findings import Severity
from aftersales.messages.catalogue import OPERATOR_KINDS, ORDER_KINDS, PARCEL_KINDS, REPORT_KINDS
from aftersales.settings.checks import (
    check_language,
    check_name,
    check_reference,
    check_url,
    is_local,
)
from aftersales.settings.document import Path
from aftersales.settings.model import Alerts, Settings, Target
from aftersales.settings.shape import Reader

_ROBOT_HOSTS = re.compile(
    r"oapi\.dingtalk\.com|qyapi\.weixin\.qq\.com|open\.(feishu\.cn|larksuite\.com)|hooks\.slack(-gov)?\.com"
)
_SECRET_PARAMETER = re.compile(r"token|key|secret|sign?|signature|password|auth", re.IGNORECASE)
_TOPIC = re.compile(r"arn:aws[a-z-]*:sns:[a-z0-9-]+:\d{12}:[A-Za-z0-9_-]{1,256}")
_KINDS = (
    *(*PARCEL_KINDS, *ORDER_KINDS, *REVIEW_KINDS, *BILL_KINDS),
    *(*OPERATOR_KINDS, *REPORT_KINDS),
)
_SEVERITIES = tuple(severity.value for severity in Severity)
_SIGNED = ("dingtalk", "feishu", "webhook")


def check_alerts(settings: Settings, reader: Reader) -> None:
    """Note every problem of meaning in `alerts`."""
    alerts = settings.alerts
    for name, target in alerts.targets.items():
        _check_target(target, ("alerts", "targets", name), reader)
    targets = reader.names(("alerts", "targets"))
    shop_ids = {shop.id for shop in settings.shops}
    for at, route in reader.numbered(("alerts", "routes"), alerts.routes):
        path: Path = ("alerts", "routes", at)
        if not route.targets:
            reader.note((*path, "targets"), "a route needs at least one target.")
        for number, name in reader.numbered((*path, "targets"), route.targets):
            place = (*path, "targets", number)
            check_name(name, targets, place, reader, "target")
        for number, shop_id in reader.numbered((*path, "shops"), route.shops):
            check_name(shop_id, shop_ids, (*path, "shops", number), reader, "shop")
        for number, kind in reader.numbered((*path, "kinds"), route.kinds):
            check_name(kind, _KINDS, (*path, "kinds", number), reader, "kind of case")
        check_name(route.min_severity, _SEVERITIES, (*path, "min_severity"), reader, "severity")
    for at, name in reader.numbered(("alerts", "operators"), alerts.operators):
        check_name(name, targets, ("alerts", "operators", at), reader, "target")
    _check_the_rest(alerts, reader)


def _check_the_rest(alerts: Alerts, reader: Reader) -> None:
    if alerts.targets and not alerts.routes and not alerts.operators:
        reader.note(
            ("alerts", "targets"),
            "no alert would ever reach these targets.",
            "Add `operators` or `routes` that name them.",
        )
    if alerts.give_up_hours <= 0:
        reader.note(("alerts", "give_up_hours"), "it must be above 0.")
    if alerts.desk_url:
        check_url(alerts.desk_url, ("alerts", "desk_url"), reader)


def _check_target(target: Target, path: Path, reader: Reader) -> None:
    if not check_name(target.kind, CHANNELS, (*path, "kind"), reader, "kind of target"):
        return
    if target.language:
        check_language(target.language, (*path, "language"), reader)
    if target.kind == "sns":
        _check_topic(target, path, reader)
    else:
        _check_address(target, path, reader)
    if target.sign_secret:
        check_reference(target.sign_secret, (*path, "sign_secret"), reader)
        if target.kind not in _SIGNED:
            reader.note((*path, "sign_secret"), f"{target.kind} signs nothing.", "Remove it.")


def _check_topic(target: Target, path: Path, reader: Reader) -> None:
    if not target.topic_arn:
        if not reader.written((*path, "topic_arn")):
            reader.note(path, "sns needs `topic_arn`.", "Add the ARN of a standard topic.")
    elif _TOPIC.fullmatch(target.topic_arn) is None:
        reader.note(
            (*path, "topic_arn"),
            "this is not the ARN of a standard topic.",
            "It looks like arn:aws:sns:ap-east-1:123456789012:alerts.",
        )


def _check_address(target: Target, path: Path, reader: Reader) -> None:
    place = (*path, "url")
    if not target.url:
        if not reader.written(place):
            reader.note(path, f"{target.kind} needs `url`.", "Add `url: env:NAME`.")
        return
    if not target.url.startswith(("https://", "http://")):
        check_reference(target.url, place, reader)
        return
    before = len(reader.problems)
    if target.url.startswith("https://") or not target.allow_private_address:
        check_url(target.url, place, reader)
    if len(reader.problems) == before and _will_be_refused(target):
        reader.note(
            place,
            "a webhook goes to https on port 443 of a public host.",
            "If this address is meant, add `allow_private_address: true`.",
        )
    if len(reader.problems) == before and _holds_a_secret(target.url):
        reader.note(
            place,
            "this address holds the robot's key: who has it can write to your group.",
            "Put it into the environment or a secret store and write `url: env:NAME`.",
        )


def _will_be_refused(target: Target) -> bool:
    """Whether delivery refuses the address, as far as that shows without looking up its host."""
    if target.kind != "webhook" or target.allow_private_address:
        return False
    parts = urlsplit(target.url)
    return parts.scheme != "https" or parts.port not in {None, 443} or is_local(parts.hostname)


def _holds_a_secret(url: str) -> bool:
    parts = urlsplit(url)
    if is_local(parts.hostname):
        return False
    if _ROBOT_HOSTS.fullmatch(parts.hostname or ""):
        return True
    return any(_SECRET_PARAMETER.search(name) for name, _ in parse_qsl(parts.query))
