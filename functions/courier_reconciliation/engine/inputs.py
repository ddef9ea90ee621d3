"""Bills and shipments from files, read side by side: each uses about one core."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from courier_reconciliation.engine.database import Workshop
from courier_reconciliation.engine.shipment_file import ShipmentsRead, read_shipments
from courier_reconciliation.reading.bills import read_bills
from courier_reconciliation.reading.model import BillsRead, ReadingOptions


def read_inputs(
    desk: Workshop, bills: Sequence[Path], shipments: Path, zone: str, options: ReadingOptions
) -> tuple[BillsRead, ShipmentsRead]:
    """Fill the tables of bills and of shipments; raises what either reading raises."""
    with ThreadPoolExecutor(max_workers=1) as beside:
        cursor = desk.connection.cursor()
        shipped = beside.submit(read_shipments, cursor, shipments, zone, desk.folder)
        read = read_bills(desk.connection, bills, options)
        return read, shipped.result()
