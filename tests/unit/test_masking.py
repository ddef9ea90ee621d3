"""Phone numbers and e-mail addresses are hidden, whatever way they are written."""

import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aftersales.messages.masking import mask_buyer, mask_name, mask_text

digits = st.text("0123456789", min_size=1)
talk = st.sampled_from(
    ["", "派件员张三，电话", "联系人：", "tel", "司機 ", "call ", "(", "【杭州】"]
)
after = st.sampled_from(["", "，已派送", " 请签收", "。", ")", "，2件"])
gap = st.sampled_from(["", " ", "-", "－", ".", "\u00a0", "\u200b", "—", " - "[:2]])


def digits_of(text: str) -> str:
    return "".join(str(unicodedata.decimal(c)) for c in text if c.isdecimal())


@st.composite
def mainland_mobiles(draw: st.DrawFn) -> str:
    number = (
        "1" + draw(st.sampled_from("3456789")) + draw(st.text("0123456789", min_size=9, max_size=9))
    )
    cuts = sorted(draw(st.sets(st.integers(1, 10), max_size=3)))
    between = draw(gap)
    pieces = [number[a:b] for a, b in zip([0, *cuts], [*cuts, 11], strict=True)]
    prefix = draw(st.sampled_from(["", "86", "+86", "+86 ", "86-", "0086", "(+86)", "(86)", "0"]))
    written = prefix + between.join(pieces)
    if draw(st.booleans()):
        written = "".join(
            chr(ord(c) + 0xFEE0) if c.isascii() and c.isdigit() else c for c in written
        )
    return written


@given(talk, mainland_mobiles(), after)
def test_a_mainland_mobile_is_hidden_however_it_is_written(before, mobile, behind):
    masked = mask_text(before + mobile + behind)
    assert masked.startswith(before)
    shown = digits_of(masked[len(before) : len(before) + len(mobile)])
    assert len(shown) <= 5
    assert len(masked) == len(before + mobile + behind)


@pytest.mark.parametrize(
    "number",
    [
        "13800000000",
        "０５７１－８８８８６６６６",
        "0571-88886666",
        "(0571) 8888 6666",
        "010-65550000",
        "02-2345-6789",
        "(02)23456789",
        "0912-345-678",
        "0912345678",
        "+886 912 345 678",
        "886912345678",
        "+852 9123 4567",
        "9123 4567",
        "91234567",
        "+853 6612 3456",
        "+1 (415) 555-0100",
        "(415) 555-0100",
        "415-555-0100",
        "+44 20 7946 0958",
        "0044 20 7946 0958",
        "+49 (0) 30 901820",
    ],
)
@pytest.mark.parametrize("text", ["{}", "电话{}，已派送", "call {} now"])
def test_numbers_of_all_kinds_are_hidden(number, text):
    masked = mask_text(text.format(number))
    assert number not in masked
    assert len(digits_of(masked)) <= 5
    assert masked.startswith(text.partition("{")[0])


@pytest.mark.parametrize(
    "extension",
    ["-1234", "转1234", "轉 1234", "#1234", " ext. 1234", ",1234", "[1234]", "－１２３４"],
)
def test_the_extension_of_a_virtual_number_is_hidden_whole(extension):
    masked = mask_text(f"收件人 18400000000{extension}，请联系")
    assert digits_of(masked) == "18400"


@pytest.mark.parametrize(
    "called",
    [
        "电话：88886666",
        "座机 8888666",
        "Tel. 555 0100 22",
        "手機號碼是".replace("號碼", "") + "23456789",
    ],
)
def test_digits_that_are_called_a_phone_are_hidden(called):
    assert len(digits_of(mask_text(called))) <= 4


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-03 18:20:30 到达杭州转运中心",
        "2026/11/03 18:20 已发出，重量 1.25kg，第 3 件共 12 件",
        "运单 YT0000000000001 已揽收",
        "75312345678901",
        "4312345678901",
        "订单 2611030001234567890",
        "客服热线 95338，400-820-0000",
        "取件码 6-2-1234",
        "20261103",
        "",
        "没有数字",
    ],
)
def test_what_is_no_phone_number_stays(text):
    assert mask_text(text) == text


@given(
    st.sampled_from(
        ["YT13800000000", "13800000000123", "13900001111", "+8613800000000", "0912345678"]
    )
)
def test_waybill_and_order_numbers_stay_when_they_are_to_be_kept(number):
    text = f"单号{number}，电话13712345678"
    assert mask_text(text, keep=[number]) == f"单号{number}，电话137******78"


def test_a_kept_number_does_not_save_a_longer_one_that_contains_it():
    assert "13800000000" not in mask_text("13800000000", keep=["38000000", "1380000"])


def test_a_short_kept_number_saves_nothing():
    assert mask_text("138-0000-0000", keep=["138", "0000"]) == "138-****-**00"


@given(
    st.from_regex(r"[a-z0-9._%+]{2,12}", fullmatch=True),
    st.from_regex(r"[a-z0-9]{2,10}(\.[a-z]{2,4}){1,2}", fullmatch=True),
    talk,
)
def test_an_e_mail_address_keeps_only_its_first_letter(local, host, before):
    for at in ("@", "＠", " @ "):
        masked = mask_text(f"{before}{local}{at}{host} 已通知")
        address = masked[len(before) :].removesuffix(" 已通知")
        assert set(address[1:]) <= set("*@＠. ")
        assert masked.endswith(" 已通知")


@given(st.text(max_size=80), st.lists(st.text(max_size=20), max_size=3))
def test_any_text_keeps_its_length_and_only_gains_stars(text, keep):
    masked = mask_text(text, keep=keep)
    assert len(masked) == len(text)
    assert all(a in (b, "*") for a, b in zip(masked, text, strict=True))


@given(digits, digits)
def test_no_run_of_eleven_digits_that_is_a_mobile_survives(before, behind):
    masked = mask_text(f"{before} 13912345678 {behind}")
    assert not re.search(r"(?<!\d)139\s*12345678(?!\d)", masked)


@pytest.mark.parametrize(
    ("name", "masked"),
    [
        ("张三", "张*"),
        ("张三丰", "张**"),
        ("司马相如", "司马**"),
        ("歐陽鋒", "歐陽*"),
        ("欧阳", "欧*"),
        ("阿依古丽买买提", "阿**"),
        ("John Smith", "J***"),
        ("李", "李*"),
        ("张*", "张*"),
        ("  王五 ", "王*"),
        ("", ""),
    ],
)
def test_a_name_keeps_its_surname_or_first_letter(name, masked):
    assert mask_name(name) == masked


@given(st.text(min_size=1).map(str.strip).filter(bool))
def test_a_masked_buyer_shows_at_most_two_characters(ref):
    masked = mask_buyer(ref)
    assert len(masked) <= 5
    assert "***" in masked
    assert masked[0] == ref[0]
    assert len(ref) > 3 or masked == f"{ref[0]}***"


def test_a_buyer_without_a_reference_stays_empty():
    assert mask_buyer("  ") == ""
