"""Waybill numbers: forms, ranks, check digits. All numbers are invented."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from aftersales.couriers.countries import COUNTRY_CODES
from aftersales.couriers.waybills import identify, lengths_from_zero, normalise

CHECKED = {
    "s10": ["RR123456785GB", "RR123456025GB", "RR123456140GB"],
    "ups": ["1ZA1B2C30100000123"],
    "fedex": ["612345678902", "700000000000", "612999987654322"],
    "dhl": ["1234567891", "9876543213"],
    "usps": ["70123456000012345670", "9400100000000123456780"],
}


@pytest.mark.parametrize(
    ("courier", "number"),
    [(courier, number) for courier, numbers in CHECKED.items() for number in numbers],
)
def test_a_number_with_a_good_check_digit_names_its_courier_first(courier, number):
    found = identify(number)
    assert found.valid
    assert found.couriers[0] == courier


def _mod10(body: str, first: int, second: int) -> str:
    total = sum(int(d) * (second if at % 2 else first) for at, d in enumerate(body))
    return str(-total % 10)


def fixed(length: int):
    return st.text("0123456789", min_size=length, max_size=length)


@given(body=fixed(14), at=st.integers(0, 14), step=st.integers(1, 9))
def test_fedex_ground_refuses_every_single_wrong_digit(body, at, step):
    number = body + _mod10(body, 1, 3)
    assert "fedex" in identify(number).couriers
    wrong = number[:at] + str((int(number[at]) + step) % 10) + number[at + 1 :]
    assert "fedex" not in identify(wrong).couriers


@given(head=st.sampled_from("12345"), body=fixed(19), at=st.integers(2, 21), step=st.integers(1, 9))
def test_usps_22_digits_refuse_every_single_wrong_digit(head, body, at, step):
    body = "9" + head + body
    number = body + _mod10(body, 3, 1)
    assert "usps" in identify(number).couriers
    wrong = number[:at] + str((int(number[at]) + step) % 10) + number[at + 1 :]
    assert not identify(wrong).valid


@given(body=fixed(8), at=st.integers(0, 7), step=st.integers(1, 9))
def test_s10_refuses_a_wrong_digit_unless_both_remainders_share_a_check_digit(body, at, step):
    """The remainders 0 and 6 both give 5; all others have a check digit of their own."""
    weights = (8, 6, 4, 2, 3, 5, 9, 7)

    def remainder(text: str) -> int:
        return sum(int(d) * w for d, w in zip(text, weights, strict=True)) % 11

    check = {10: 0, 11: 5}.get(11 - remainder(body), 11 - remainder(body))
    assert identify(f"RR{body}{check}GB").couriers == ("s10",)
    wrong = body[:at] + str((int(body[at]) + step) % 10) + body[at + 1 :]
    shared = {remainder(body), remainder(wrong)} == {0, 6}
    assert identify(f"RR{wrong}{check}GB").valid is shared


@given(body=st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", min_size=15, max_size=15))
def test_a_ups_number_has_exactly_one_check_digit(body):
    fitting = [check for check in "0123456789" if "ups" in identify(f"1Z{body}{check}").couriers]
    assert len(fitting) == 1
    refused = [check for check in "0123456789" if not identify(f"1Z{body}{check}").valid]
    assert len(refused) == 9


@given(serial=st.integers(0, 9_999_999_999))
def test_dhl_express_is_mod_7_over_nine_or_ten_digits(serial):
    for text in (f"{serial:010d}", f"{serial % 10**9:09d}"):
        check = int(text) % 7
        assert identify(f"{text}{check}").couriers == ("dhl",)
        assert not identify(f"{text}{(check + 1) % 10}").valid


@given(body=fixed(11), step=st.integers(1, 9))
def test_fedex_12_has_one_check_digit_and_others_leave_the_number_possible(body, step):
    weights = (3, 1, 7, 3, 1, 7, 3, 1, 7, 3, 1)
    check = sum(int(d) * w for d, w in zip(body, weights, strict=True)) % 11 % 10
    assert "fedex" in identify(f"{body}{check}").couriers
    other = identify(f"{body}{(check + step) % 10}")
    assert "fedex" not in other.couriers
    assert other.valid, "twelve digits may be SF, ZTO or YTO, which have no check digit"


@given(head=fixed(20), serial=fixed(13))
def test_fedex_34_checks_its_last_fourteen_digits(head, serial):
    weights = (1, 7, 3) * 4 + (1,)
    check = sum(int(d) * w for d, w in zip(serial, weights, strict=True)) % 11 % 10
    assert "fedex" in identify(f"{head}{serial}{check}").couriers
    assert "fedex" not in identify(f"{head}{serial}{(check + 1) % 10}").couriers


@pytest.mark.parametrize(
    ("number", "couriers"),
    [
        ("SF1020304050607", ("sf",)),
        ("SFA020304050607", ("sf",)),
        ("YT7012345678901", ("yto",)),
        ("YT88012345678901", ("yto",)),
        ("D00012345678", ("yto",)),
        ("YT2412345678901234", ("yunexpress",)),
        ("JT5012345678901", ("jt",)),
        ("JDVA01234567890", ("jd",)),
        ("JD0123456789012", ("jd",)),
        ("DPK210123456789", ("deppon",)),
        ("EE123456785CN", ("ems", "s10")),
        ("RR123456785CN", ("s10", "china_post")),
        ("PA12345678901", ("ems", "china_post")),
        ("1012345678901", ("ems", "china_post")),
        ("9812345678901", ("ems", "china_post")),
        ("5012345678901", ("ems", "yunda")),
        ("5512345678901", ("yunda", "ems")),
        ("4312345678901", ("yunda",)),
        ("78012345678901", ("zto", "dhl")),
        ("77012345678901", ("sto", "dhl")),
        ("773012345678901", ("sto",)),
        ("43123456789012", ("sto", "dhl")),
        ("312345678901234", ("yunda",)),
        ("621012345678901", ("danniao",)),
        ("112345678901", ("sto", "sf", "zto", "yto")),
        ("800000000000000001", ("yto",)),
        ("JVGL0123456789", ("dhl",)),
        ("JJD0123456789", ("dhl",)),
        ("JD014600001234567890", ("dhl",)),
        ("GM60511234500000001", ("dhl",)),
        ("01234567890123456789012345678901", ("fedex",)),
    ],
)
def test_forms_without_a_check_digit_are_ranked_by_how_much_they_say(number, couriers):
    assert identify(number).couriers == couriers


@pytest.mark.parametrize("zip_code", ["90210", "902101234"])
def test_a_zip_code_in_front_of_a_usps_number_is_not_checked(zip_code):
    assert identify(f"420{zip_code}9400100000000123456780").couriers == ("usps",)
    assert not identify(f"420{zip_code}9400100000000123456781").valid


def test_usps_20_digits_may_count_a_91_that_is_not_printed():
    body = "7112345678912345678"
    printed, implied = _mod10(body, 3, 1), _mod10("91" + body, 3, 1)
    assert printed != implied
    assert identify(body + printed).couriers == ("usps",)
    assert identify(body + implied).couriers == ("usps",)


def test_fedex_smartpost_20_digits_count_a_92_that_is_not_printed():
    body = "6129912345678901234"
    number = body + _mod10("92" + body, 3, 1)
    assert identify(number).couriers == ("fedex",)
    assert identify("92" + number).couriers == ("fedex", "usps")


def test_fedex_96_checks_its_last_fifteen_digits():
    serial = "12345678901234"
    assert identify(f"9611020{serial}{_mod10(serial, 1, 3)}").couriers == ("fedex",)
    wrong = (int(_mod10(serial, 1, 3)) + 1) % 10
    assert not identify(f"9611020{serial}{wrong}").valid


def test_an_sscc_18_is_fedex_before_yto_only_with_its_check_digit():
    body = "00012345000000000"
    check = _mod10(body, 3, 1)
    assert identify(body + check).couriers == ("fedex", "yto")
    assert identify(body + str((int(check) + 1) % 10)).couriers == ("yto",)


def test_usps_26_digits():
    body = "92" + "12345678901234567890123"
    assert identify(body + _mod10(body, 3, 1)).couriers == ("usps",)


@pytest.mark.parametrize(
    "number",
    [
        "",
        "   ",
        "1234",
        "9" * 51,
        "1.23E+12",
        "7,8E+13",
        "1E+12",
        "运单号123456",
        "SF1020304050607/SF1020304050608",
        "无需物流",
        "HELLO",
        "RR123456785ZZ",  # unassigned country
        "RR123456785XX",
        "RR123456784CN",  # wrong check digit
        "1ZA1B2C30100000124",
        "1234567892",
        "9400100000000123456781",
    ],
)
def test_what_cannot_be_a_waybill_number_is_invalid_and_nobodys(number):
    found = identify(number)
    assert not found.valid
    assert found.couriers == ()


@pytest.mark.parametrize(
    "number", ["12345", "ABC12345", "TBA123456789012", "123456789", "LP00123456789012"]
)
def test_a_number_of_unknown_form_is_valid_and_nobodys(number):
    found = identify(number)
    assert found.valid
    assert found.couriers == ()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ＳＦ１０２０３０４０５０６０７", "SF1020304050607"),
        (" sf 1020 3040 50607\t", "SF1020304050607"),
        ("'7701-2345–6789—01", "77012345678901"),
        ("’123456789012", "123456789012"),
        ('="773012345678901"', "773012345678901"),
        ("\u200bYT7012345678901\ufeff", "YT7012345678901"),
        ("YT\u00a07012345678901", "YT7012345678901"),
        ("jdva01234567890-1-2-", "JDVA01234567890"),
        ("JDVA01234567890-12-30-1", "JDVA01234567890"),
        ("1.23E+12", "1.23E+12"),
        ("1.23e+12", "1.23E+12"),
    ],
)
def test_normalising(text, expected):
    assert normalise(text) == expected


@given(st.text(max_size=60))
def test_any_text_is_answered_and_normalising_twice_changes_nothing(text):
    found = identify(text)
    assert found.number == text
    assert found.valid or not found.couriers
    if found.valid:
        assert identify(found.normalised) == replace(found, number=found.normalised)


def test_the_country_list_has_the_249_assigned_codes():
    assert len(COUNTRY_CODES) == 249
    assert {"CN", "GB", "US", "HK", "TW", "MO"} <= COUNTRY_CODES
    assert not {"UK", "XX", "ZZ", "EU", "AN", "CS"} & COUNTRY_CODES


def test_only_numbers_of_digits_alone_can_lose_a_zero() -> None:
    lengths = lengths_from_zero()
    assert lengths["sf"] == lengths["zto"] == (12,)
    assert lengths["yto"] == (12, 18)
    assert not {"sto", "yunda", "ems", "jt", "jd", "ups"} & lengths.keys()
