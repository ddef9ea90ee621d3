"""The layouts of UPS, FedEx and DHL: by place, by repeated headers, by kinds of rows."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from tests.read_bills import bill_reader


@pytest.fixture
def bill(tmp_path: Path) -> Any:
    return bill_reader(tmp_path)


def ups_row(**cells: str) -> list[str]:
    row = [""] * 250
    row[0], row[2], row[5], row[6], row[9], row[10] = "2.1", "A1B2C3", "000123", "E", "USD", "25.50"
    for position, value in cells.items():
        row[int(position[1:])] = value
    return row


def test_ups_has_250_columns_and_no_header(bill: Any) -> None:
    one = {
        "c11": "2026-10-03",
        "c13": "1Z999AA10123456784",
        "c15": "PO77",
        "c18": "1",
        "c20": "1Z999AA10123456784",
        "c26": "2.0",
        "c27": "L",
        "c34": "SHP",
    }
    found = bill(
        ups_row(
            **one,
            c28="3.0",
            c29="L",
            c32="12.0x 9.0x 7.0",
            c43="FRT",
            c45="Ground Commercial",
            c50="USD",
            c51="-2.00",
            c52="18.00",
            c78="Austin",
            c79="TX",
        ),
        ups_row(**one, c43="FSC", c45="Fuel Surcharge", c50="USD", c52="2.50", c79="TX"),
        ups_row(**one, c43="ACC", c45="Residential Surcharge", c50="USD", c52="5.00", c79="TX"),
        ups_row(**one, c43="INF", c45="Entered weight", c52="0.00"),
        ups_row(
            c11="2026-10-31", c34="RTN", c20="1Z999AA10123456785", c43="FRT", c45="Returns", c52="0"
        ),
    )
    assert found.lines("waybill, charge, amount_minor, weight_g, currency, is_return, courier")[
        :3
    ] == [
        ("1Z999AA10123456784", "freight", 1800, 1361, "USD", False, "ups"),
        ("1Z999AA10123456784", "fuel", 250, None, "USD", False, "ups"),
        ("1Z999AA10123456784", "residential", 500, None, "USD", False, "ups"),
    ]
    first = found.lines(
        "actual_g, length_mm, width_mm, height_mm, discount_minor, province, order_id"
    )
    assert first[0] == (907, 305, 229, 178, 200, "TX", "PO77")
    assert [row[0] for row in found.lines("is_return")] == [False, False, False, True]
    (total,) = found.read.declared_totals
    assert total.amount_minor == 2550


def test_ups_with_semicolons_and_decimal_commas(bill: Any) -> None:
    row = ups_row(
        c11="03/10/2026",
        c20="1Z999AA10123456784",
        c28="3,0",
        c29="K",
        c43="FRT",
        c45="Standard",
        c50="EUR",
        c52="1.018,05",
    )
    row[0], row[10] = "2,1", "1.018,05"
    found = bill(row, delimiter=";")
    assert found.lines("amount_minor, weight_g, currency, billed_on") == [
        (101805, 3000, "EUR", date(2026, 10, 3))
    ]


def test_fedex_repeats_its_headers(bill: Any) -> None:
    header = [
        "Bill to Account Number",
        "Invoice Number",
        "Original Amount Due",
        "Ground Tracking ID Prefix",
        "Express or Ground Tracking ID",
        "Transportation Charge Amount",
        "Net Charge Amount",
        "Service Type",
        "Shipment Date",
        "Actual Weight Amount",
        "Actual Weight Units",
        "Rated Weight Amount",
        "Rated Weight Units",
        "Recipient City",
        "Recipient State",
        "Original Customer Reference",
    ]
    pair = ["Tracking ID Charge Description", "Tracking ID Charge Amount"]
    found = bill(
        [*header, *pair, *pair, *pair],
        [
            "123",
            "7-001",
            "34.20",
            "",
            "794612345678",
            "20.00",
            "24.20",
            "FedEx 2Day",
            "20261003",
            "2.0",
            "L",
            "3.0",
            "L",
            "Reno",
            "NV",
            "PO78",
            "Fuel Surcharge",
            "2.20",
            "Residential Delivery",
            "5.00",
            "Earned Discount",
            "-3.00",
        ],
        [
            "123",
            "7-001",
            "34.20",
            "",
            "794612345679",
            "10.00",
            "10.00",
            "FedEx 2Day",
            "20261003",
            "2.0",
            "L",
            "2.0",
            "L",
            "Reno",
            "NV",
            "PO79",
        ],
    )
    told = "waybill, courier, amount_minor, freight_minor, discount_minor, weight_g, billed_on"
    assert found.lines(f"{told}, currency") == [
        ("794612345678", "fedex", 2420, 2000, 300, 1361, date(2026, 10, 3), "USD"),
        ("794612345679", "fedex", 1000, 1000, None, 907, date(2026, 10, 3), "USD"),
    ]
    assert found.charges == [
        ("794612345678", "fuel", 220),
        ("794612345678", "residential", 500),
    ]
    assert [t.amount_minor for t in found.read.declared_totals] == [3420]


def test_dhl_has_invoice_rows_and_shipment_rows(bill: Any) -> None:
    header = [
        "Line Type",
        "Invoice Number",
        "Invoice Date",
        "Billing Account",
        "Shipment Number",
        "Shipment Date",
        "Shipment Reference 1",
        "Product Name",
        "Pieces",
        "Weight Flag",
        "Weight (kg)",
        "Currency",
        "Total amount (excl. VAT)",
        "Total amount (incl. VAT)",
        "Total Tax",
        "Weight Charge",
        "Total Extra Charges (XC)",
        "XC1 Code",
        "XC1 Name",
        "XC1 Charge",
        "XC2 Code",
        "XC2 Name",
        "XC2 Charge",
    ]
    found = bill(
        header,
        [
            "I",
            "HK01",
            "2026-10-31",
            "9600",
            "",
            "",
            "",
            "",
            "",
            "",
            "",
            "HKD",
            "130.00",
            "130.00",
            "0",
            "",
            "",
            "",
            "",
            "",
            "",
            "",
            "",
        ],
        [
            "S",
            "HK01",
            "2026-10-31",
            "9600",
            "1234567890",
            "2026-10-03",
            "PO80",
            "EXPRESS WORLDWIDE",
            "1",
            "W",
            "2.5",
            "HKD",
            "130.00",
            "130.00",
            "0",
            "100.00",
            "30.00",
            "FF",
            "FUEL SURCHARGE",
            "20.00",
            "OO",
            "REMOTE AREA DELIVERY",
            "10.00",
        ],
    )
    assert found.lines(
        "waybill, courier, amount_minor, freight_minor, weight_g, currency, service"
    ) == [("1234567890", "dhl", 13000, 10000, 2500, "HKD", "EXPRESS WORLDWIDE")]
    assert found.charges == [("1234567890", "fuel", 2000), ("1234567890", "remote", 1000)]
    assert [t.amount_minor for t in found.read.declared_totals] == [13000]


def test_dhl_has_discounts_beside_its_extra_charges(bill: Any) -> None:
    header = ["Line Type", "Shipment Number", "Shipment Date", "Weight (kg)", "Currency"]
    header += ["Total amount (excl. VAT)", "Weight Charge", "Discount 1", "Discount 2"]
    header += ["XC1 Code", "XC1 Name", "XC1 Charge"]
    shipment = ["S", "1234567890", "20261003", "2.5", "HKD", "110.00", "100.00", "-10.00", ""]
    other = ["S", "1234567891", "20261003", "2.5", "HKD", "120.00", "100.00", "", ""]
    fuel = ["FF", "FUEL SURCHARGE", "20.00"]
    found = bill(header, [*shipment, *fuel], [*other, *fuel])
    assert found.lines("waybill, amount_minor, freight_minor, discount_minor") == [
        ("1234567890", 11000, 10000, 1000),
        ("1234567891", 12000, 10000, None),
    ]
    assert [charge[1:] for charge in found.charges] == [("fuel", 2000)] * 2
