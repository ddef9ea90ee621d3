"""One dropped file -> orders, parcels, quarantine, and a case where rows could not be read."""

from __future__ import annotations

import zlib
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from functools import partial
from itertools import count

from msgspec import Struct, field

from aftersales import unpaid, watching
from aftersales.cases.casebook import Casebook
from aftersales.errors import BadInput, Conflict
from aftersales.findings import Finding, Severity
from aftersales.parcels import Order
from aftersales.platforms.base import RejectedRow
from aftersales.platforms.file import FileReading, read_file
from aftersales.settings.model import Settings, Shop
from aftersales.tables import orders, parcels, quarantine
from order_intake.rules import Interest, interest_in, parcels_of, waybills_given_up

WRITERS = 16
"""Orders stored at once: a large export then takes minutes, not an hour."""
QUARANTINE_LIMIT_ROWS = 1000
"""Of one file; a file with more bad rows is one mistake, not thousands."""
EXAMPLES = 3
PUSH_ONLY = ("generic",)
"""Platforms that tell, and cannot be asked."""
Report = Callable[[int, int], None]
"""Told after each order of a file: how many are done, of how many. Called from several threads."""


class IntakeDesk(Struct, frozen=True):
    """What an import works with besides the tables."""

    settings: Settings
    casebook: Casebook


class ImportResult(Struct, frozen=True):
    """What became of one file.

    `orders` counts new, changed, unchanged and failed ones (a failed one was being changed by
    others: import the file again); `parcels` counts outcomes of watching (`added`, `joined`,
    `unchanged`, ...) and, as `not_watched_<reason>`, parcels that need none. `problem` is set where
    the file as a whole could not be read. `rejected` are the rows put aside.
    """

    file: str
    shop_id: str
    layout: str = ""
    rows_read: int = 0
    orders: dict[str, int] = field(default_factory=dict)
    parcels: dict[str, int] = field(default_factory=dict)
    rejected: tuple[RejectedRow, ...] = ()
    notes: tuple[str, ...] = ()
    problem: str = ""

    @property
    def failed(self) -> int:
        """Orders that could not be stored this time."""
        return self.orders.get("failed", 0)

    def summary(self) -> dict[str, object]:
        """Counts and notes for a log or a machine; nothing about a person."""
        return {
            "file": self.file,
            "shop_id": self.shop_id,
            "layout": self.layout,
            "rows_read": self.rows_read,
            "orders": self.orders,
            "parcels": self.parcels,
            "rejected": len(self.rejected),
            "notes": list(self.notes),
            "problem": self.problem,
        }


def import_file(
    content: bytes,
    name: str,
    shop_id: str,
    desk: IntakeDesk,
    now: datetime,
    *,
    report: Report | None = None,
) -> ImportResult:
    """Read a file and store what it says. Safe to repeat: the same file twice changes nothing.

    Bad rows go to quarantine and open one case per file; a later file of the same name without bad
    rows closes it. A file that cannot be read at all is such a case, too, and no error.
    """
    shop = desk.settings.shop(shop_id)
    try:
        reading = read_file(
            content, name, shop=shop, default_zone=shop.time_zone or desk.settings.time_zone
        )
    except BadInput as exc:
        return refuse_file(name, shop_id, exc, desk, now)
    stored, watched = store_orders(reading.orders, desk.settings, now, report)
    _put_aside(reading.rejected, name, shop_id, desk, now)
    return ImportResult(
        file=name,
        shop_id=shop_id,
        layout=reading.layout,
        rows_read=reading.rows_read,
        orders=dict(stored),
        parcels=dict(watched),
        rejected=reading.rejected,
        notes=_notes(reading),
    )


def refuse_file(
    name: str, shop_id: str, why: BadInput, desk: IntakeDesk, now: datetime
) -> ImportResult:
    """A file of which nothing can be read: quarantine and a case, as for a row."""
    refused = RejectedRow(why.place or name, why.reason)
    _put_aside((refused,), name, shop_id, desk, now)
    return ImportResult(name, shop_id, rejected=(refused,), problem=f"{name}: {why.reason}")


def store_order(
    order: Order, settings: Settings, now: datetime, *, seen: orders.Seen | None = None
) -> tuple[str, Counter[str]]:
    """Store one order and watch its parcels; what became of it, and of them.

    The parcels come first and the order last: a run that breaks off in between finds the order as
    it was and does everything again. The order is read once, here or by the caller (`seen`). Raises
    `Conflict`.
    """
    shards = settings.tracking.shards
    seen = seen or orders.see(order.shop_id, order.order_id)
    before = seen.order
    after = order if before is None else orders.united(before, order)
    interest, reason = interest_in(after, settings, now)
    watched: Counter[str] = Counter()
    given_up = list(waybills_given_up(before, after))
    if interest is Interest.END:
        given_up += [shipment.waybill_number for shipment in after.shipments]
        watched[f"not_watched_{reason}"] += len(after.shipments)
    for number in given_up:
        watched["ended"] += watching.abandon(number, order.order_id, shards=shards, now=now)
    for parcel in parcels_of(after, settings, now):
        if interest is Interest.TELL and parcels.current(parcel.waybill_number) is None:
            watched[f"not_watched_{reason}"] += 1
            continue
        watched[watching.watch(parcel, shards=shards, now=now).value] += 1
    if after == before:
        shop = settings.shop(order.shop_id)
        if unpaid.waits_for_payment(after) and not can_be_asked(shop):
            # Its nudge says as of when it is known: as of the last file or push that holds it.
            orders.confirm(order.shop_id, order.order_id, now)
        return "unchanged", watched
    old, new = orders.merge(order, now, settings=settings, seen=seen)
    return "new" if old is None else "changed" if old != new else "unchanged", watched


def can_be_asked(shop: Shop) -> bool:
    """Is there a connection through which single orders can be read?"""
    return bool(shop.secrets) and shop.platform not in PUSH_ONLY


def store_orders(
    found: Sequence[Order], settings: Settings, now: datetime, report: Report | None = None
) -> tuple[Counter[str], Counter[str]]:
    """Store orders side by side, but those of one parcel one after the other.

    Returns what became of them (`failed`: was being changed by others), and of their parcels.
    """
    queues: list[list[Order]] = [[] for _ in range(WRITERS)]
    for order in found:
        key = order.shipments[0].waybill_number if order.shipments else order.order_id
        queues[zlib.crc32(key.encode()) % WRITERS].append(order)
    stored: Counter[str] = Counter()
    watched: Counter[str] = Counter()
    done = count(1)

    def one_more() -> None:
        if report is not None:
            report(next(done), len(found))

    with ThreadPoolExecutor(WRITERS) as pool:
        for some_stored, some_watched in pool.map(
            partial(_store_some, settings=settings, now=now, after_each=one_more),
            [q for q in queues if q],
        ):
            stored.update(some_stored)
            watched.update(some_watched)
    return stored, +watched


def _store_some(
    found: Sequence[Order], *, settings: Settings, now: datetime, after_each: Callable[[], None]
) -> tuple[Counter[str], Counter[str]]:
    stored: Counter[str] = Counter()
    watched: Counter[str] = Counter()
    for order in found:
        try:
            outcome, some_watched = store_order(order, settings, now)
        except Conflict:
            stored["failed"] += 1
        else:
            stored[outcome] += 1
            watched.update(some_watched)
        after_each()
    return stored, watched


def _put_aside(
    rejected: Sequence[RejectedRow], name: str, shop_id: str, desk: IntakeDesk, now: datetime
) -> None:
    """Quarantine for the rows, one case for the file."""
    subject = f"file:{shop_id}/{name}"
    if not rejected:
        desk.casebook.resolve(subject, "rows_rejected", "imported_whole", now)
        return
    for row in rejected[:QUARANTINE_LIMIT_ROWS]:
        quarantine.put(subject, row.place, row.reason, row.raw, now)
    examples = [
        f"{row.place.removeprefix(name).lstrip(', ')}: {row.reason}".removeprefix(": ")
        for row in rejected[:EXAMPLES]
    ]
    whole_file = len(rejected) == 1 and rejected[0].place == name
    desk.casebook.open(
        Finding(
            kind="rows_rejected",
            subject=subject,
            severity=Severity.WARN,
            shop_id="",  # operators drop and mend files, whoever handles the shop's parcels
            facts={
                "file": f"{shop_id}/{name}",
                "count": None if whole_file else len(rejected),
                "examples": "; ".join(examples),
            },
        ),
        now,
    )


def _notes(reading: FileReading) -> tuple[str, ...]:
    left_out = len(reading.rejected) - QUARANTINE_LIMIT_ROWS
    if left_out <= 0:
        return reading.notes
    return (*reading.notes, f"{left_out} more rows were refused and not put into quarantine")
