"""Products that several buyers complain about at once: opened, and closed when it is over.

Which alarms of a shop were opened stands in one item, so that looking after them costs one read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta

from msgspec.structs import replace

from aftersales.errors import Conflict
from aftersales.findings import Finding, Severity
from aftersales.review_records import ReviewRecord
from aftersales.settings.model import Shop
from aftersales.tables import feeds
from review_scanner.desk import Desk
from review_scanner.rules import complaints_about, is_alarm

KIND = "product_alarm"
OVER = "fewer_complaints"
UNTOLD_TOPICS = frozenset({"overall", "other"})
"""Topics that say nothing about what is wrong with a product."""
TRIES = 4

Facts = dict[str, str | int | None]


def open_alarms(
    desk: Desk,
    shop: Shop,
    record: ReviewRecord,
    seen: Iterable[ReviewRecord],
    facts: Callable[[], Facts],
    *,
    now: datetime,
) -> None:
    """Is this one complaint too many about its product? `seen` are reviews that were stored just
    now: an index may not show them yet. `facts` are those of the product."""
    from aftersales.tables import reviews  # the plan, which looks for alarms only, starts without

    topics = [topic for topic in record.topics if topic not in UNTOLD_TOPICS]
    if not record.product_id or not topics:
        return
    rules = desk.settings.review_rules(shop.id)
    since = now - timedelta(days=rules.product_days)
    stored = reviews.bad_of_product(shop.id, record.product_id, since)
    recent = {each.review_id: each for each in (*stored, *seen, record)}
    for topic in topics:
        count = complaints_about(recent.values(), record.product_id, topic, since)
        if not is_alarm(count, rules):
            continue
        _remember(shop, f"{topic}/{record.product_id}")
        told = facts() | {"topics": topic, "count": count, "days": int(rules.product_days)}
        subject = _subject(shop, topic, record.product_id)
        desk.casebook.open(Finding(KIND, subject, Severity.ALARM, shop.id, told), now)


def close_alarms(desk: Desk, shop: Shop, now: datetime) -> int:
    """Close the alarms of a shop for which there are not complaints enough any more: they were
    changed or deleted, or are older than the window. Returns how many there were."""
    from aftersales.tables import reviews

    rules = desk.settings.review_rules(shop.id)
    since = now - timedelta(days=rules.product_days)
    over = []
    for known in feeds.health(_feed(shop)).cases:
        topic, _, product_id = known.partition("/")
        stored = reviews.bad_of_product(shop.id, product_id, since)
        if is_alarm(complaints_about(stored, product_id, topic, since), rules):
            continue
        desk.casebook.resolve(_subject(shop, topic, product_id), KIND, OVER, now)
        over.append(known)
    if over:
        _forget(shop, over)
    return len(over)


def shops_with_alarms(shops: Iterable[Shop]) -> list[Shop]:
    """Those of the shops that have an alarm to look after. Eventually consistent."""
    names = {_feed(shop): shop for shop in shops}
    return [names[name] for name, health in feeds.all_health(names).items() if health.cases]


def _remember(shop: Shop, known: str) -> None:
    """Before the case is opened: whoever dies in between leaves nothing that is never closed."""
    for _ in range(TRIES):
        health = feeds.health(_feed(shop))
        if known in health.cases:
            return
        if feeds.save_health(_feed(shop), replace(health, cases=(*health.cases, known))):
            return
    raise Conflict("the list of a shop's product alarms is being changed by others all the time")


def _forget(shop: Shop, over: list[str]) -> None:
    for _ in range(TRIES):
        health = feeds.health(_feed(shop))
        left = tuple(known for known in health.cases if known not in over)
        if feeds.save_health(_feed(shop), replace(health, cases=left)):
            return


def _feed(shop: Shop) -> str:
    return f"products:{shop.id}"


def _subject(shop: Shop, topic: str, product_id: str) -> str:
    return f"product:{shop.id}/{product_id}/{topic}"
