"""What may stand in the settings about reminders, and what is said about mistakes."""

from __future__ import annotations

import pytest

from aftersales.settings.load import check_yaml, load_yaml

PROMOTION = """
shops:
  - id: tb1
    platform: taobao
reminder:
  promotions:
    - start: "2026-11-10T20:00+08:00"
      end: "2026-11-11T02:00+08:00"
      pay_within_minutes: 15
      shops: [tb1]
"""


def test_a_promotion_is_a_time_and_a_term() -> None:
    (promotion,) = load_yaml(PROMOTION, "x").reminder.promotions
    assert (promotion.pay_within_minutes, promotion.shops) == (15, ("tb1",))


@pytest.mark.parametrize(
    ("right", "wrong", "place", "said"),
    [
        ("T20:00+08:00", "T20:00", "start", "no time|offset"),
        ('"2026-11-11T02:00+08:00"', "tomorrow", "end", "offset"),
        ("2026-11-11T02:00", "2026-11-10T20:00", "end", "later than"),
        ("minutes: 15", "minutes: 0", "pay_within_minutes", "above 0"),
        ("[tb1]", "[tb2]", "shops", "there is no shop 'tb2'"),
        ("      pay_within_minutes: 15\n", "", "promotions", "pay_within_minutes"),
    ],
)
def test_a_wrong_promotion_is_told_with_its_place(
    right: str, wrong: str, place: str, said: str
) -> None:
    (problem,) = check_yaml(PROMOTION.replace(right, wrong), "x")
    assert place in problem.path
    assert any(part in f"{problem.message} {problem.what_to_do}" for part in said.split("|"))
