"""Cutting and disarming text."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aftersales.channels.text import (
    clean,
    cut_bytes,
    cut_characters,
    one_line,
    safe_link,
    utf8_bytes,
    utf16_units,
    without_markup,
)

TEXTS = st.text(st.characters(codec="utf-8"), max_size=80)


@given(text=TEXTS, limit=st.integers(0, 120), suffix=st.sampled_from(["", "…", "…另有 3 条"]))
def test_a_cut_text_is_a_beginning_of_whole_characters_within_the_limit(text, limit, suffix):
    for cut, size in ((cut_bytes, utf8_bytes), (cut_characters, utf16_units)):
        result = cut(text, limit, suffix)
        assert size(result) <= limit
        if size(text) <= limit:
            assert result == text
        else:
            kept = result.removesuffix(suffix) if size(suffix) <= limit else result
            assert text.startswith(kept)


@given(text=TEXTS, limit=st.integers(3, 120))
def test_a_cut_text_uses_the_room_it_has(text, limit):
    if utf8_bytes(text) > limit and not text.endswith((" ", "\u200d")):
        kept = cut_bytes(text, limit, "")
        following = text[len(kept) :].lstrip("\u200d ")[:1]
        dropped = text[len(kept) : len(text) - len(text[len(kept) :].lstrip("\u200d "))]
        assert utf8_bytes(kept + dropped + following) > limit


@pytest.mark.parametrize(
    ("text", "limit", "expected"),
    [
        ("售后预警", 12, "售后预警"),
        ("售后预警", 11, "售后…"),
        ("售后预警", 4, "…"),
        ("售后预警", 2, ""),
        ("a😀b", 5, "a…"),
        ("👩‍👩‍👧 家", 10, "👩…"),
        ("", 0, ""),
    ],
)
def test_bytes_are_cut_between_characters(text, limit, expected):
    assert cut_bytes(text, limit) == expected


def test_an_emoji_counts_as_two_characters():
    assert cut_characters("😀😀😀", 4, "") == "😀😀"
    assert cut_characters("😀😀😀", 3, "") == "😀"


@given(text=st.text(max_size=60))
def test_clean_text_can_be_encoded_and_has_no_control_characters(text):
    for result in (clean(text), one_line(text)):
        result.encode()
        assert not [c for c in result if unicodedata.category(c) in ("Cc", "Cs") and c != "\n"]
        assert clean(result) == result
    assert len(one_line(text).splitlines()) <= 1


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a\r\nb\rc\td", "a\nb\nc d"),
        ("\n\n a \n\n b \n", "a\nb"),
        ("a\u202eb\u2066c", "abc"),
        ("שלום 你好 👨‍👩‍👧", "שלום 你好 👨‍👩‍👧"),
        ("\ud800x", "\ufffdx"),
        ("a\u2028b", "a\nb"),
    ],
)
def test_clean_keeps_what_can_be_read(text, expected):
    assert clean(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("260101-1234_5", "260101-1234_5"),
        ("_a_ b_", "＿a＿ b＿"),
        ("[a](b)", "［a］(b)"),
        ("## a # b", "＃＃ a # b"),
        ("a\n---\nb", "a\n－－－\nb"),
        ("a\n==\nb", "a\n＝＝\nb"),
        ("A & B &amp; C", "A & B ＆amp; C"),
        ("- 3-5 天", "- 3-5 天"),
    ],
)
def test_markup_is_disarmed_and_numbers_stay_as_they_are(text, expected):
    assert without_markup(text) == expected


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://x.example/a?b=1&c=%20", "https://x.example/a?b=1&c=%20"),
        ("http://x.example/订单", "http://x.example/%E8%AE%A2%E5%8D%95"),
        ("https://x.example/a b)c", "https://x.example/a%20b%29c"),
        ("HTTPS://x.example/", "HTTPS://x.example/"),
        ("data:text/html,x", ""),
        ("https://[::1", ""),
        ("x", ""),
    ],
)
def test_links_are_made_safe_or_left_out(url, expected):
    assert safe_link(url) == expected
