"""Bills that are checked in parts: the queue worked off, and what is left when all is over."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Sequence
from io import StringIO
from typing import Any

from msgspec.structs import asdict, replace

from aftersales.settings.model import Reconciliation
from aftersales.tables import bills, cases
from aftersales.tables import settings as settings_table
from local.invoke import invoke
from local.queues import Message
from tests.handler_world import World, event_named, function_for
from tests.planted_bills import Month

BUCKET = "aftersales-drop"
HEADS = (
    *("运单号", "母单号", "订单号", "业务时间", "结算重量", "目的省份"),
    *("中转费", "偏远费", "保价费", "退回费", "应收金额"),
)


def in_parts_of(world: World, lines: int, **others: Any) -> None:
    """Have bills with more lines shared out."""
    own = Reconciliation(part_lines=lines, **others)
    settings_table.push(replace(world.settings, reconciliation=own))


def bill_csv(month: Month, further: Sequence[list[str]] = ()) -> bytes:
    """A bill with columns for parents and orders, its total below; `further` rows as they are."""
    stream = StringIO()
    out = csv.writer(stream)
    out.writerow(HEADS)
    total = month.declared_extra
    for r in month.rows:
        out.writerow(line(r.number, f"{r.day}", r.billed_g, r.province, r.freight, r.far,
                          r.insurance, r.back))  # fmt: skip
        total += r.total
    for row in further:
        out.writerow(row)
        total += round(float(row[-1] or 0) * 100)
    out.writerow(["合计", *[""] * 9, f"{total / 100:.2f}"])
    return stream.getvalue().encode()


def line(
    number: str,
    day: str,
    grams: int,
    province: str,
    freight: int,
    far: int = 0,
    insurance: int = 0,
    back: int = 0,
    *,
    parent: str = "",
    order: str = "",
) -> list[str]:
    """A row of such a bill; amounts in minor units."""
    money = [f"{minor / 100:.2f}" for minor in (freight, far, insurance, back)]
    total = f"{(freight + far + insurance + back) / 100:.2f}"
    return [number, parent, order, day, f"{grams / 1000:.3f}", province, *money, total]


def dropped(world: World, key: str, content: bytes, *, cause: str = "") -> dict[str, Any]:
    """Put a bill into the bucket and call the function that hears of it."""
    world.buckets.put(BUCKET, key, content)
    return told(world, key, cause=cause)


def told(world: World, key: str, *, cause: str = "") -> dict[str, Any]:
    """Call the function with the event about a file."""
    run = invoke(function_for("courier_reconciliation_files"), s3_event(key, cause), cause="test")
    assert run.ok, run.trace or run.error
    (covered,) = run.result["checked"]
    return dict(covered)


def s3_event(key: str, cause: str = "") -> Any:
    event = event_named("courier_reconciliation_files")
    stored = event["Records"][0]["s3"]["object"]
    stored["key"] = key
    stored["sequencer"] = cause or stored["sequencer"]
    return event


def handed(message: Message) -> Any:
    """The event that brings a message."""
    event = event_named("courier_reconciliation_bill")
    event["Records"][0] |= {"messageId": message.message_id, "body": message.body}
    return event


def bring(world: World, message: Message) -> bool:
    """Call the function with a message; whether it did what was asked."""
    run = invoke(function_for("courier_reconciliation_bill"), handed(message), cause="test")
    return run.ok and not run.result["batchItemFailures"]


def work_off(
    world: World, order: Callable[[list[Message]], list[Message]] = list, times: int = 1
) -> list[dict[str, Any]]:
    """Bring every message of the queue until there is none; returns what was asked."""
    asked = []
    while messages := world.queues.receive("bill", 100):
        for message in order(messages):
            for _ in range(times):
                assert bring(world, message), world.log.getvalue()[-3000:]
            world.queues.delete("bill", message.receipt)
            asked.append(json.loads(message.body))
    return asked


TIMES = ("arrived_at", "checked_at", "opened_at", "changed_at", "version")


def left(world: World, name: str = "2026-10", account: str = "sto") -> dict[str, Any]:
    """All that a checked bill leaves behind, but for times and versions."""
    bill = bills.get(account, name)
    assert bill is not None
    case = cases.get(bill.subject, "bill_discrepancies")
    files = {
        key.removeprefix(bill.report): world.buckets.content(BUCKET, key)
        for key in world.buckets.keys(BUCKET, bill.report)
    }
    result = json.loads(files["result.json"])
    for part in ("discrepancies", "not_auditable", "rejected"):
        result[part] = sorted(result[part], key=lambda one: json.dumps(one, sort_keys=True))
    lists = {
        name: sorted(content.decode("utf-8-sig").splitlines())
        for name, content in files.items()
        if name.endswith(".csv") and not name.endswith("lines.csv")
    }
    claims = [asdict(claim) for claim in bills.claims_of(account)]
    return {
        "bill": {name: value for name, value in asdict(bill).items() if name not in TIMES},
        "claims": sorted(
            (
                {name: value for name, value in claim.items() if name not in TIMES}
                for claim in claims
            ),
            key=lambda claim: str(claim["claim_id"]),
        ),
        "case": (case.is_open, case.facts, case.alerts) if case else None,
        "result": result,
        "lists": lists,
        "workbook": "reconciliation.xlsx" in files,
        "cases": world.cases(),
    }


def listed(
    world: World, name: str = "2026-10", account: str = "sto", *, parts: bool = True
) -> dict[tuple[str, ...], str]:
    """(file, sheet, row, waybill) -> the rest of each row in the list of lines, or in all lists."""
    bill = bills.get(account, name)
    assert bill is not None
    found: dict[tuple[str, ...], str] = {}
    for key in world.buckets.keys(BUCKET, bill.report):
        if key == f"{bill.report}lines.csv" or (parts and key.endswith("/lines.csv")):
            text = world.buckets.content(BUCKET, key).decode("utf-8-sig")
            for row in csv.DictReader(text.splitlines()):
                place = (row["file"], row["sheet"], row["row"], row["waybill_number"])
                rest = json.dumps(row, sort_keys=True, ensure_ascii=False)
                assert found.setdefault(place, rest) == rest
    return found


def forget(world: World) -> None:
    """Everything but the parcels, the settings and the bucket is as at the beginning."""
    for table, keys in {
        "bills": ("topic", "item"),
        "cases": ("subject", "kind"),
        "outbox": ("delivery_id",),
        "quarantine": ("quarantine_id",),
    }.items():
        for item in world.tables.items(table):
            key = {name: {"S": item[name]} for name in keys}
            world.tables.client.delete_item(TableName=f"{world.tables.prefix}-{table}", Key=key)
    for message in world.queues.receive("bill", 1000):
        world.queues.delete("bill", message.receipt)
