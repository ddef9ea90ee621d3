"""What charges are called: on bills, and in the rate cards of those who write them."""

from __future__ import annotations

import pytest

from courier_reconciliation.reading import headers
from courier_reconciliation.surcharge_codes import Due, code_of, due_of


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("保价费（元）", "insurance"),
        ("insurance_charge", "insurance"),
        ("insured", "insurance"),
        ("保价手续费", "insurance"),
        ("remote_surcharge", "remote"),
        ("surcharge_remote", "remote"),
        ("remote-area", "remote"),
        ("偏远地区加收费用", "remote"),
        ("return_freight", "return"),
        ("return_shipping", "return"),
        ("返程费", "return"),
        ("退货运费", "return"),
        ("fuel_charges", "fuel"),
        ("peak_season_fee", "peak"),
        ("cod_service_fee", "cod"),
        ("residential_area_fee", "residential"),
        ("oversize_parcel", "oversize"),
        ("over_size_fee", "oversize"),
        ("label_price", "label"),
        ("upstairs_fee", "stairs"),
        ("sign_return", "signed_receipt"),
        ("weekend_surcharge", "saturday"),
        ("holiday_surcharge", "peak"),
        ("resource_adjustment_fee", "peak"),
        ("odd_shape", "oversize"),
        ("signed_return_receipt", "signed_return_receipt"),
        ("签单退回", "签单退回"),
        ("山区", "山区"),
    ],
)
def test_a_charge_is_known_under_many_names(written, code):
    assert code_of(written) == code


def test_a_return_is_expected_only_of_what_came_back_whatever_it_is_called():
    assert {due_of(code_of(word)) for word in ("return_freight", "返程费", "rts")} == {Due.RETURNED}


@pytest.mark.parametrize("header", ["是否退回", "退回原因", "保价标志", "偏远标识", "cod_status"])
def test_a_column_that_only_speaks_of_a_charge_holds_no_money(header):
    assert headers.surcharge(header) == ""
