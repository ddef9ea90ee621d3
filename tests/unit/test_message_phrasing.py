"""Sentences say what is known, and leave out what is not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aftersales.messages.phrasing import fill, needed_places, places

SENTENCE = "Left[ {place}][ on {day} at {hour}| on {day}| some time ago]."


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ({"place": "Hangzhou", "day": "Monday", "hour": "9"}, "Left Hangzhou on Monday at 9."),
        ({"day": "Monday"}, "Left on Monday."),
        ({"hour": "9"}, "Left some time ago."),
        ({"place": None, "day": ""}, "Left some time ago."),
    ],
)
def test_the_first_part_whose_words_are_known_is_said(words, said):
    assert fill(SENTENCE, words) == said


def test_a_needed_word_that_is_missing_is_an_error():
    with pytest.raises(KeyError):
        fill("Order {order}.", {"order": None})


def test_places_are_listed_and_the_needed_ones_known():
    assert places("{a} and[ {b}| {c}]") == {"a", "b", "c"}
    assert needed_places("{a} and[ {b}| {c}]") == {"a"}


@given(st.text(min_size=1))
def test_a_word_is_said_as_it_is_even_where_it_looks_like_a_sentence(word):
    assert fill("<{a}>[({a})]", {"a": word}) == f"<{word}>({word})"
