"""What names and types alone do not show: references, zones, days, hours, secrets, order.

Each check looks at one section and notes every problem it finds, at the place where it stands.
"""

from __future__ import annotations

import re
from typing import Any

import msgspec

from aftersales.calendar import parse_days, parse_service_hours, zone_named
from aftersales.couriers import codes
from aftersales.errors import BadInput
from aftersales.money import decimals_of
from aftersales.settings.alerting import check_alerts
from aftersales.settings.checks import (
    check_language,
    check_name,
    check_positive,
    check_reference,
    check_url,
)
from aftersales.settings.connections import check_connection
from aftersales.settings.document import Path
from aftersales.settings.following import check_followup, check_shop_followup
from aftersales.settings.model import Calendar, Settings, Shop, Source, Tracking, TrackingRules
from aftersales.settings.reconciling import check_reconciliation
from aftersales.settings.reminding import check_reminder, check_shop_reminder
from aftersales.settings.reviewing import check_reviews, check_shop_reviews
from aftersales.settings.shape import Reader
from aftersales.settings.texting import check_buyer_sms

PLATFORMS = (
    "file", "taobao", "tmall", "jd", "pdd", "douyin", "dhgate", "shopify", "woocommerce", "guanyi",
    "generic",
)  # fmt: skip

SECRETS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "kuaidi100": (("key", "customer"), ("salt",)),
    "kdniao": (("business_id", "app_key"), ()),
    "seventeentrack": (("key",), ("key_previous",)),
    "aftership": (("key",), ("webhook_secret", "webhook_secret_previous")),
    "easypost": (("key",), ("webhook_secret", "webhook_secret_previous")),
    "sf": (("partner_id", "checkword"), ()),
}
"""Kind: the secrets it must have, and may have. Push needs `webhook_secret` where there is one."""

OPTIONS: dict[str, tuple[str, ...]] = {
    "kuaidi100": ("auto_courier", "resultv2"),
    "kdniao": ("jd_merchant_code", "push_max_age_seconds", "tier"),
    "seventeentrack": (),
    "aftership": ("push_max_age_seconds", "version"),
    "easypost": ("push_max_age_seconds",),
    "sf": ("encoder", "language"),
}
"""Kind: the options that its adapter reads."""

_SHOP_ID = re.compile(r"[\w.-]{1,64}")
_SOURCE_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")
_MAX_SHARDS = 1024


def check(settings: Settings, reader: Reader) -> None:
    """Note every problem of meaning in the settings that `reader` has read."""
    check_language(settings.language, ("language",), reader)
    _check_zone(settings.time_zone, ("time_zone",), reader)
    _check_calendar(settings.calendar, reader)
    _check_shops(settings, reader)
    _check_tracking(settings.tracking, reader)
    check_reminder(settings, reader)
    check_reviews(settings.reviews, reader)
    check_reconciliation(settings, reader)
    check_followup(settings.followup, reader)
    check_alerts(settings, reader)


def _check_zone(name: str, path: Path, reader: Reader) -> None:
    try:
        zone_named(name)
    except BadInput:
        reader.note(path, f"there is no time zone {name!r}.", "Write a name such as Asia/Shanghai.")


def _check_calendar(calendar: Calendar, reader: Reader) -> None:
    if re.fullmatch(r"[A-Z]{2}", calendar.country) is None:
        reader.note(
            ("calendar", "country"),
            f"{calendar.country!r} is not a country code.",
            "Write two capital letters, such as CN.",
        )
    seen: dict[Any, str] = {}
    for section, entries in (
        ("holidays", calendar.holidays),
        ("working_days", calendar.working_days),
    ):
        for at, entry in reader.numbered(("calendar", section), entries):
            try:
                days = parse_days(entry)
            except BadInput as exc:
                reader.note(("calendar", section, at), f"{exc.reason}.")
                continue
            both = [day for day in days if seen.setdefault(day, section) != section]
            if both:
                reader.note(
                    ("calendar", section, at),
                    f"{both[0].isoformat()} is named both as a holiday and as a working day.",
                    "Keep it in one of the two lists.",
                )
    try:
        parse_service_hours(calendar.service_hours)
    except BadInput as exc:
        reader.note(("calendar", "service_hours"), f"{exc.reason}.", "Put it in quotes.")


def _check_shops(settings: Settings, reader: Reader) -> None:
    seen: set[str] = set()
    for at, shop in reader.numbered(("shops",), settings.shops):
        path: Path = ("shops", at)
        if _SHOP_ID.fullmatch(shop.id) is None:
            reader.note(
                (*path, "id"),
                f"{shop.id!r} cannot be a shop id.",
                "Use up to 64 letters, digits, dots, - and _: it is also a folder name.",
            )
        if shop.id in seen:
            reader.note((*path, "id"), f"the shop id {shop.id!r} stands twice.", "Ids are unique.")
        seen.add(shop.id)
        _check_shop(shop, settings.tracking.rules, path, reader)
        check_shop_reminder(shop.reminder, (*path, "reminder"), reader)
        check_shop_reviews(shop.reviews, (*path, "reviews"), reader)
        check_shop_followup(shop.followup, (*path, "followup"), reader)
        check_buyer_sms(shop, settings.language, (*path, "buyer_sms"), reader)


def _check_shop(shop: Shop, base: TrackingRules, path: Path, reader: Reader) -> None:
    check_name(shop.platform, PLATFORMS, (*path, "platform"), reader, "platform")
    if shop.language:
        check_language(shop.language, (*path, "language"), reader)
    if shop.time_zone:
        _check_zone(shop.time_zone, (*path, "time_zone"), reader)
    try:
        decimals_of(shop.currency)
    except BadInput as exc:
        reader.note((*path, "currency"), f"{exc.reason}.")
    if shop.order_url:
        check_url(shop.order_url, (*path, "order_url"), reader)
        others = set(re.findall(r"{(.*?)}", shop.order_url)) - {"order_id"}
        if others:
            reader.note(
                (*path, "order_url"), "only {order_id} is replaced in it.", "Remove other { }."
            )
    check_rules(shop.rules, base, (*path, "rules"), reader)
    if shop.auto_confirm_days is not None:
        check_positive(shop.auto_confirm_days, (*path, "auto_confirm_days"), reader)
    check_positive(shop.first_look_back_hours, (*path, "first_look_back_hours"), reader)
    if shop.calls_per_day < 0:
        reader.note((*path, "calls_per_day"), "it must not be below 0.")
    check_connection(shop, path, reader)


def check_rules(rules: dict[str, Any], base: TrackingRules, path: Path, reader: Reader) -> None:
    """Note unknown names and impossible values among overrides of the rules `base`."""
    fields = {field.name: field for field in msgspec.structs.fields(TrackingRules)}
    for name, value in rules.items():
        inner = (*path, name)
        if not check_name(name, fields, inner, reader, "rule", at_name=True):
            continue
        number = isinstance(value, int | float) and not isinstance(value, bool)
        if not number or (fields[name].type is int and not isinstance(value, int)):
            whole = "a whole number" if fields[name].type is int else "a number"
            reader.note(inner, f"here must be {whole}.", "Write it without quotes or unit.")
        elif value < 0:
            reader.note(inner, "it must not be below 0.")
    for lower, upper in (
        ("no_pickup_warn_hours", "no_pickup_alarm_hours"),
        ("pickup_notice_hours", "pickup_alarm_hours"),
    ):
        first, second = (rules.get(name, getattr(base, name)) for name in (lower, upper))
        numbers = all(isinstance(each, int | float) for each in (first, second))
        if numbers and first > second and (lower in rules or upper in rules):
            reader.note(
                (*path, lower if lower in rules else upper),
                f"`{lower}` ({first:g}) is later than `{upper}` ({second:g}).",
                "The first must come before the second.",
            )


def _check_tracking(tracking: Tracking, reader: Reader) -> None:
    base: Path = ("tracking",)
    sources = reader.names((*base, "sources"))
    for name, source in tracking.sources.items():
        _check_source(name, source, (*base, "sources", name), reader)
    if tracking.default_source:
        path = (*base, "default_source")
        check_name(tracking.default_source, sources, path, reader, "tracking source")
    for courier, name in tracking.by_courier.items():
        path = (*base, "by_courier", courier)
        check_name(courier, codes.NAMES, path, reader, "courier", at_name=True)
        check_name(name, sources, path, reader, "tracking source")
    rules = msgspec.structs.asdict(tracking.rules)
    given = {name: rules[name] for name in rules if reader.written((*base, "rules", name))}
    check_rules(given, TrackingRules(), (*base, "rules"), reader)
    for courier, overrides in tracking.rules_by_courier.items():
        path = (*base, "rules_by_courier", courier)
        check_name(courier, codes.NAMES, path, reader, "courier", at_name=True)
        check_rules(overrides, tracking.rules, path, reader)
    for kind, entries in tracking.courier_codes.items():
        path = (*base, "courier_codes", kind)
        check_name(kind, codes.SOURCES, path, reader, "kind of tracking source", at_name=True)
        for courier in entries:
            check_name(courier, codes.NAMES, (*path, courier), reader, "courier", at_name=True)
    for at, region in reader.numbered((*base, "remote_regions"), tracking.remote_regions):
        if not region.strip():
            reader.note((*base, "remote_regions", at), "an empty name would mean every region.")
    if not 1 <= tracking.shards <= _MAX_SHARDS:
        reader.note((*base, "shards"), f"it must be from 1 to {_MAX_SHARDS}.")
    if tracking.keep_days < 1:
        reader.note((*base, "keep_days"), "it must be at least 1.")


def _check_source(name: str, source: Source, path: Path, reader: Reader) -> None:
    if _SOURCE_NAME.fullmatch(name) is None:
        reader.note(
            path,
            f"{name!r} cannot be the name of a tracking source.",
            "Use letters, digits, - and _: it is part of the callback address.",
            name=True,
        )
    if check_name(source.kind, SECRETS, (*path, "kind"), reader, "kind of tracking source"):
        _check_source_secrets(source, path, reader)
    for secret, reference in source.secrets.items():
        check_reference(reference, (*path, "secrets", secret), reader)
    if source.path_secret:
        check_reference(source.path_secret, (*path, "path_secret"), reader)
    for field in ("base_url", "callback_url"):
        if getattr(source, field):
            check_url(getattr(source, field), (*path, field), reader)
    if source.requests_per_second is not None:
        check_positive(source.requests_per_second, (*path, "requests_per_second"), reader)
    if source.concurrency is not None and source.concurrency < 1:
        reader.note((*path, "concurrency"), "it must be at least 1.")


def _check_source_secrets(source: Source, path: Path, reader: Reader) -> None:
    required, optional = SECRETS[source.kind]
    if source.push and "webhook_secret" in optional:
        required = (*required, "webhook_secret")
    known = dict.fromkeys((*required, *optional))
    for secret in source.secrets:
        inner = (*path, "secrets", secret)
        check_name(secret, known, inner, reader, f"secret of {source.kind}", at_name=True)
    for option in source.options:
        inner = (*path, "options", option)
        known_here = OPTIONS[source.kind]
        check_name(option, known_here, inner, reader, f"option of {source.kind}", at_name=True)
    for secret in required:
        if secret not in source.secrets and not reader.written((*path, "secrets", secret)):
            todo = f"Add `{secret}: env:NAME` to its `secrets`"
            todo += ", or set `push: false`." if secret == "webhook_secret" else "."  # noqa: S105
            reader.note((*path, "secrets"), f"{source.kind} needs the secret `{secret}`.", todo)
    unsigned = source.kind == "sf" or (
        source.kind == "kuaidi100" and not reader.written((*path, "secrets", "salt"))
    )
    if unsigned and source.push and source.callback_url:
        unguarded = not source.path_secret and not reader.written((*path, "path_secret"))
        if unguarded:
            reader.note(
                (*path, "callback_url"),
                "these pushes are not signed: anybody could send some.",
                "Set `path_secret` (kuaidi100: or the secret `salt`), or `push: false`.",
            )
