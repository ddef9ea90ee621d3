"""What may stand in the section `reconciliation`."""

from __future__ import annotations

import re

import msgspec

from aftersales.couriers.codes import NAMES
from aftersales.errors import BadInput
from aftersales.money import decimals_of
from aftersales.settings.checks import check_name
from aftersales.settings.document import Path
from aftersales.settings.model import BillAccount, BillLayout, Settings
from aftersales.settings.shape import Reader

ACCOUNT_NAME = re.compile(r"[\w.-]{1,64}")
"""It is the name of a folder, and a part of keys."""
LAYOUT_FIELDS = (
    *("waybill", "parent", "child", "return_of", "order_id", "billed_on", "weight", "actual"),
    *("volumetric", "dimensions", "length", "width", "height", "amount", "list_price", "freight"),
    *("first_weight_price", "step_weight_price", "tax", "net", "discount", "prepaid", "remaining"),
    *("province", "city", "service", "charge", "pieces", "remark", "customer", "payment"),
    *("courier", "currency"),
)
"""What a column of a bill may be, as the reader of bills names it."""
WEIGHT_UNITS = ("", "g", "kg", "t", "lb", "oz")
_AT_LEAST_ONE = ("confirm_working_days", "file_by_day", "missing_parcels", "answer_days")
_LEAST = dict.fromkeys(_AT_LEAST_ONE, 1) | {"part_lines": 10_000}
"""Each part costs some seconds whatever is in it."""
_FULL_PERCENT = 100
LAST_DAY = 28
"""Every month has it."""


def check_reconciliation(settings: Settings, reader: Reader) -> None:
    """Note names that are not there and impossible values."""
    section, shops = settings.reconciliation, {shop.id for shop in settings.shops}
    top: Path = ("reconciliation",)
    for name, value in msgspec.structs.asdict(section).items():
        if isinstance(value, bool) or not isinstance(value, int | float):
            continue
        least = _LEAST.get(name, 0)
        if value < least:
            reader.note((*top, name), f"it must be at least {least}.")
    if section.weight_percent > _FULL_PERCENT:
        reader.note((*top, "weight_percent"), "it must not be above 100.")
    if section.file_by_day > LAST_DAY:
        reader.note((*top, "file_by_day"), f"not every month has it; {LAST_DAY} at most.")
    for account_name, account in section.accounts.items():
        path: Path = (*top, "accounts", account_name)
        if ACCOUNT_NAME.fullmatch(account_name) is None:
            told = "this cannot be the name of a folder of bills."
            reader.note(path, told, "Use letters, digits, dots, dashes.")
        _check_account(account, path, shops, reader)
    for at, layout in reader.numbered((*top, "layouts"), section.layouts):
        _check_layout(layout, (*top, "layouts", at), reader)


def _check_account(account: BillAccount, path: Path, shops: set[str], reader: Reader) -> None:
    if account.courier:
        check_name(account.courier, NAMES, (*path, "courier"), reader, "courier")
    for number, shop_id in reader.numbered((*path, "shops"), account.shops):
        check_name(shop_id, shops, (*path, "shops", number), reader, "shop")
    if account.currency:
        try:
            decimals_of(account.currency)
        except BadInput as exc:
            reader.note((*path, "currency"), f"{exc.reason}.")
    for name in ("confirm_working_days", "file_by_day", "claim_days"):
        value = getattr(account, name)
        if value is not None and value < 1:
            reader.note((*path, name), "it must be at least 1.")
    if (account.file_by_day or 1) > LAST_DAY:
        reader.note((*path, "file_by_day"), f"not every month has it; {LAST_DAY} at most.")


def _check_layout(layout: BillLayout, path: Path, reader: Reader) -> None:
    if not layout.columns:
        reader.note((*path, "columns"), "it names no column.")
    for name in layout.columns:
        if name not in LAYOUT_FIELDS:
            told = f"no bill has this field. Known are {', '.join(LAYOUT_FIELDS)}."
            reader.note((*path, "columns", name), told)
    if layout.columns and "waybill" not in layout.columns:
        reader.note((*path, "columns"), "it does not say which column is the `waybill`.")
    for name, column in layout.columns.items():
        if isinstance(column, int) and column < 1:
            reader.note((*path, "columns", name), "columns are counted from 1.")
    numbers_only = all(isinstance(column, int) for column in layout.columns.values())
    if layout.columns and numbers_only and not layout.file_contains:
        told = "a layout without headers is told by `file_contains`, a part of the file's name."
        reader.note((*path, "file_contains"), told)
    if layout.weight_unit not in WEIGHT_UNITS:
        told = f"weights are in {', '.join(unit for unit in WEIGHT_UNITS if unit)}."
        reader.note((*path, "weight_unit"), told)
    if layout.day_first and layout.month_first:
        reader.note((*path, "day_first"), "a date cannot begin with both the day and the month.")
