"""Headers in English: what their words mean, and what only begins like a known column."""

from __future__ import annotations

from typing import Any

import pytest

from courier_reconciliation.reading.headers import meaning
from tests.unit.test_bill_layouts import bill

__all__ = ["bill"]


@pytest.mark.parametrize(
    ("header", "field"),
    [
        ("Currency Conversion Date", None),
        ("Currency Conversion Rate", None),
        ("Currency Variance Amount", None),
        ("Currency Code", "currency"),
        ("Currency (ISO)", "currency"),
        ("Tax Code", None),
        ("Tax ID", None),
        ("VAT Number", None),
        ("Tax Amount", "tax"),
        ("Total Pieces", None),
        ("Total Weight", None),
        ("Total Billed Amount", "amount"),
        ("Amount Paid", "amount"),
        ("Amount Due Date", None),
        ("Net Charge Currency", None),
        ("Weight Charge Currency", None),
        ("Freight Class", None),
        ("Weight UOM", None),
        ("Weight Tax (VAT)", None),
        ("Billed Weight Type", None),
        ("Weight (kg)", "weight"),
        ("Tracking ID Charge Amount", None),
        ("Tracking ID Charge Description", None),
        ("CrossRefTrackingID Prefix", None),
        ("Reference Date", None),
        ("Shipment Reference 2", "order_id"),
        ("Shipment Date Time", "billed_on"),
        ("State Tax", None),
        ("State Code", "province"),
        ("Carrier Code", "courier"),
        ("Discount 1 Amount", "discount"),
    ],
)
def test_the_last_word_of_a_header_says_what_it_is(header: str, field: str | None) -> None:
    found = meaning(header)
    assert (found[0] if found else None) == field


def test_the_date_of_a_conversion_is_no_currency(bill: Any) -> None:
    head = ["Express or Ground Tracking ID", "Shipment Date", "Net Charge Amount"]
    rate = ["Currency Conversion Date", "Currency Conversion Rate"]
    found = bill([*head, *rate], ["794612345678", "20261003", "24.20", "20261004", "1.00"])
    assert found.lines("currency, amount_minor") == [("USD", 2420)]
    assert "currency" not in found.read.files[0].sheets[0].columns


def test_the_short_style_of_fedex_repeats_its_invoice_total(bill: Any) -> None:
    found = bill(
        ["Inv Number", "Inv Date", "Inv Charge", "Tracking Number", "Ship Date", "Svc",
         "Recp State", "Rated Wgt", "Wgt Unit", "Net Chrg", "Freight Amt", "Fuel Amt"],
        ["8123", "10/31/2026", "34.20", "794612345678", "10/03/2026", "FedEx 2Day",
         "NV", "3.0", "K", "24.20", "22.00", "2.20"],
        ["8123", "10/31/2026", "34.20", "794612345679", "10/04/2026", "FedEx 2Day",
         "NV", "2.0", "L", "10.00", "9.00", "1.00"],
    )  # fmt: skip
    assert found.lines("waybill, amount_minor, freight_minor, service, province, weight_g") == [
        ("794612345678", 2420, 2200, "FedEx 2Day", "NV", 3000),
        ("794612345679", 1000, 900, "FedEx 2Day", "NV", 907),
    ]
    assert found.charges == [("794612345678", "fuel", 220), ("794612345679", "fuel", 100)]
    assert [one.amount_minor for one in found.read.declared_totals] == [3420]
    assert found.read.files[0].sheets[0].notes == ()
