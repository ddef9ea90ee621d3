"""One look at a bill, at a part of one, or at what is left of one: what all of them work with."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from aftersales.errors import BadInput
from courier_reconciliation.bucket import Drop
from courier_reconciliation.engine.database import Workshop

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from aftersales.settings.model import BillAccount, Reconciliation
    from courier_reconciliation.desk import Desk


class Look(Struct, frozen=True):
    """The bill's file by its content, whose it is, and the tables it is looked at in."""

    desk: Desk
    drop: Drop
    account: BillAccount
    shop: Workshop
    sha256: str

    @property
    def db(self) -> DuckDBPyConnection:
        """The tables."""
        return self.shop.connection

    @property
    def folder(self) -> Path:
        """For copies of files."""
        return self.shop.folder

    @property
    def own(self) -> Reconciliation:
        """What the settings say about checking bills."""
        return self.desk.settings.reconciliation


def account_of(desk: Desk, drop: Drop) -> BillAccount:
    """Whose bill a file is. Raises `BadInput` where its folder is no account's."""
    account = desk.account(drop.account)
    if account is None:
        where = f"{drop.account!r} is no account" if drop.account else "it lies in no folder"
        raise BadInput(
            f"{where}: drop it as bills/<account>/<file>, where the account stands in the settings"
            " under reconciliation.accounts or is a courier's code such as sto"
        )
    return account
