"""The simulated seller's back office: exports that somebody drops into the inbox folder.

The shop at home exports Taobao's order list, as GB18030 text or as a workbook; the other one a
Shopify order export and a shipment list of its warehouse. Files of the same orders are the same
bytes, so after a restart nothing is taken twice.
"""

from __future__ import annotations

import csv
import io
import threading
import zipfile
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta, timezone
from pathlib import Path
from xml.sax.saxutils import escape

from local.simulators.world import HOME_SHOP, Consignment, Drop, World

LOOK_SECONDS = 0.2
CHINA = timezone(timedelta(hours=8))
WORKBOOK_EVERY = 3
"""Every so many files of the shop at home are workbooks."""

TAOBAO = (
    "订单编号", "买家会员名", "买家应付货款", "总金额", "买家实际支付金额", "订单状态",
    "收货人姓名", "收货地址", "联系手机", "订单创建时间", "订单付款时间", "宝贝标题",
    "物流单号", "物流公司", "宝贝总数量", "店铺名称", "发货时间",
)  # fmt: skip
SHOPIFY = (
    "Name", "Financial Status", "Paid at", "Fulfillment Status", "Fulfilled at", "Currency",
    "Total", "Created at", "Lineitem quantity", "Lineitem name", "Lineitem sku", "Shipping City",
    "Shipping Country",
)  # fmt: skip
SHIPMENTS = ("Order Number", "Carrier", "Tracking Number", "shipped_at")

Rows = list[Sequence[str]]


class BackOffice:
    """Writes the files that are due. `start` does so in a thread until `stop`."""

    def __init__(self, world: World, inbox: Path, now: Callable[[], datetime]) -> None:
        self._world = world
        self._inbox = inbox
        self._now = now
        self._done = 0
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="back-office", daemon=True)

    def start(self) -> None:
        """Write what is due, then go on in a thread."""
        self.export_due()
        self._thread.start()

    def stop(self) -> None:
        """End the thread."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join(1.0)

    def export_due(self) -> None:
        """Write the files that are due and not there yet."""
        drops = self._world.drops_until(self._now())
        for drop in sorted(drops, key=lambda one: one.at)[self._done :]:
            for name, content in files_of(drop).items():
                write_whole(self._inbox / drop.shop_id / name, content)
            self._done += 1

    def _run(self) -> None:
        while not self._stopping.wait(LOOK_SECONDS):
            self.export_due()


def write_whole(path: Path, content: bytes) -> None:
    """Write a file so that nobody sees half of it; one with that content stays as it is."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.exists() and path.read_bytes() == content:
        return
    unfinished = path.with_name(f".{path.name}.part")
    unfinished.write_bytes(content)
    unfinished.replace(path)


def files_of(drop: Drop) -> dict[str, bytes]:
    """File name -> content of one drop."""
    if drop.shop_id == HOME_SHOP:
        rows = [row for c in drop.consignments for row in _taobao(c)]
        if drop.damaged:
            rows[0] = _damaged(rows[0])
        number = int(drop.name.rpartition("_")[2])
        if number % WORKBOOK_EVERY == 2:
            return {f"{drop.name}.xlsx": _workbook([TAOBAO, *rows])}
        return {f"{drop.name}.csv": _text([TAOBAO, *rows]).encode("gb18030")}
    orders = [row for c in drop.consignments for row in _shopify(c)]
    shipments = [_shipment(c) for c in drop.consignments]
    shipments_name = drop.name.replace("orders_export", "shipments")
    return {
        f"{drop.name}.csv": _text([SHOPIFY, *orders]).encode(),
        f"{shipments_name}.csv": _text([SHIPMENTS, *shipments]).encode("utf-8-sig"),
    }


def _taobao(c: Consignment) -> Rows:
    def clock(at: datetime) -> str:
        return f"{at.astimezone(CHINA):%Y-%m-%d %H:%M:%S}"

    title, _, price = c.goods
    ordered = c.shipped_at - timedelta(hours=20)
    return [
        (
            f'="{order_id}"', c.buyer, price, price, price, "卖家已发货，等待买家确认",
            f"{c.buyer[0]}**", f"{c.province} {c.city} ****", f"139****{c.phone_tail}",
            clock(ordered), clock(ordered + timedelta(minutes=2)), title,
            f"No:{c.waybill_number}", c.courier_text, "1", "观居家居旗舰店", clock(c.shipped_at),
        )
        for order_id in c.order_ids
    ]  # fmt: skip


def _damaged(row: Sequence[str]) -> Sequence[str]:
    column = TAOBAO.index("物流单号")
    return [*row[:column], "4.31987E+14", *row[column + 1 :]]


def _shopify(c: Consignment) -> Rows:
    title, sku, price = c.goods
    ordered = c.shipped_at - timedelta(hours=30)
    return [
        (
            order_id, "paid", _utc(ordered), "fulfilled", _utc(c.shipped_at), "USD", price,
            _utc(ordered), "1", title, sku, c.city, c.country,
        )
        for order_id in c.order_ids
    ]  # fmt: skip


def _shipment(c: Consignment) -> Sequence[str]:
    return (c.order_ids[0], c.courier_text, c.waybill_number, _utc(c.shipped_at))


def _utc(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S} +0000"


def _text(rows: Rows) -> str:
    written = io.StringIO()
    csv.writer(written, lineterminator="\r\n").writerows(rows)
    return written.getvalue()


_SHEETS = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_MIME = "application/vnd.openxmlformats-officedocument.spreadsheetml"


def _workbook(rows: Rows) -> bytes:
    """The smallest workbook that spreadsheet programs open: one sheet of texts."""
    cells = "".join(
        "<row>"
        + "".join(f'<c t="inlineStr"><is><t>{escape(value)}</t></is></c>' for value in row)
        + "</row>"
        for row in rows
    )
    parts = {
        "[Content_Types].xml": (
            f'<Types xmlns="{_PACKAGE}/content-types">'
            '<Default Extension="rels" '
            'ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
            '<Default Extension="xml" ContentType="application/xml"/>'
            f'<Override PartName="/xl/workbook.xml" ContentType="{_MIME}.sheet.main+xml"/>'
            f'<Override PartName="/xl/worksheets/sheet1.xml" ContentType="{_MIME}.worksheet+xml"/>'
            "</Types>"
        ),
        "_rels/.rels": (
            f'<Relationships xmlns="{_PACKAGE}/relationships"><Relationship Id="rId1" '
            f'Type="{_RELATIONS}/officeDocument" Target="xl/workbook.xml"/></Relationships>'
        ),
        "xl/workbook.xml": (
            f'<workbook xmlns="{_SHEETS}" xmlns:r="{_RELATIONS}"><sheets>'
            '<sheet name="订单" sheetId="1" r:id="rId1"/></sheets></workbook>'
        ),
        "xl/_rels/workbook.xml.rels": (
            f'<Relationships xmlns="{_PACKAGE}/relationships"><Relationship Id="rId1" '
            f'Type="{_RELATIONS}/worksheet" Target="worksheets/sheet1.xml"/></Relationships>'
        ),
        "xl/worksheets/sheet1.xml": (
            f'<worksheet xmlns="{_SHEETS}"><sheetData>{cells}</sheetData></worksheet>'
        ),
    }
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            # A fixed date: the same orders must be the same bytes.
            entry = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            archive.writestr(entry, '<?xml version="1.0" encoding="UTF-8"?>' + content)
    return packed.getvalue()
