"""The steps from what lies in the tables to what is wrong: for a bill, or for a part of one."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from msgspec.structs import replace

from aftersales.calendar import zone_named
from courier_reconciliation import claiming, telling
from courier_reconciliation.bill_in import Read
from courier_reconciliation.cards import Cards, read_cards, together
from courier_reconciliation.engine.run import Options, reconcile
from courier_reconciliation.engine.unbilled import Elsewhere
from courier_reconciliation.look import Look
from courier_reconciliation.own_terms import tolerances_of
from courier_reconciliation.parcels_of_bill import Wanted
from courier_reconciliation.rates.card import RateCard
from courier_reconciliation.rates.overlaps import notes
from courier_reconciliation.reading.model import BillsRead
from courier_reconciliation.result import Reconciliation
from courier_reconciliation.surcharge_codes import Due


def card_of(look: Look, couriers: Collection[str]) -> RateCard:
    """The contract with some couriers. Raises `Unreachable`."""
    return together(_cards(look).cards, couriers)


def card_told_of(look: Look, couriers: Sequence[str], now: datetime) -> RateCard:
    """The same, and whoever is to know hears which cards are wrong or lacking."""
    cards = _cards(look)
    without = [one for one in couriers if not _has_card(cards, one)]
    telling.tell_of_cards(look.desk, cards.wrong, without, now)
    for courier in set(couriers) - set(without):
        telling.tell_of_card(look.desk, courier, now)
    return together(cards.cards, couriers)


def _cards(look: Look) -> Cards:
    return read_cards(look.desk.s3, look.drop.bucket, look.folder)


def _has_card(cards: Cards, courier: str) -> bool:
    return any(courier in card.couriers for card in cards.cards)


def wanted_for(look: Look, read: Read) -> Wanted:
    """The parcels that a bill may be about."""
    return Wanted(
        couriers=read.couriers,
        first=claiming.days_of(read.period).first,
        last=claiming.days_of(read.period).last,
        shops=look.account.shops,
        zone=zone_named(look.desk.settings.time_zone),
        never_moved_days=look.own.never_moved_days,
    )


def compare(  # noqa: PLR0917 - the parts of one question
    look: Look,
    read: Read,
    bills: BillsRead,
    card: RateCard,
    given_back: Collection[str],
    elsewhere: Elsewhere | None = None,
) -> Reconciliation:
    """What is wrong with the lines in the tables, without what is no mistake of this bill.

    `given_back` are the waybills of credits; `elsewhere` is of lines that are not in the tables.
    """
    options = Options(
        period=read.period,
        tolerances=tolerances_of(look.own),
        elsewhere=elsewhere or Elsewhere(),
    )
    result = reconcile(look.db, bills, card, options, look.folder)
    result = replace(result, notes=(*result.notes, *notes(card)))
    return claiming.without_what_is_none(
        result,
        given_back,
        read.days,
        others_bill_too=read.rows.give_back or look.desk.shares_its_courier(look.drop.account),
    )


def said(look: Look) -> dict[Due, int]:
    """Of how many parcels in the tables it is said what is declared, what is to be collected."""
    values, cash = look.db.execute(
        "SELECT count(declared_minor), count(cod_minor) FROM shipments"
    ).fetchone() or (0, 0)
    return {Due.DECLARED: values, Due.COD: cash}


def given_back_in(look: Look, read: Read) -> dict[str, int]:
    """Waybill -> what this bill gives back for an earlier one: it has negative rows only."""
    rows = look.db.execute(
        "SELECT waybill, -sum(amount_minor) FROM lines WHERE waybill <> '' AND file = ?"
        " GROUP BY waybill HAVING max(amount_minor) < 0",
        [read.own.name],
    ).fetchall()
    return {waybill: int(minor) for waybill, minor in rows}
