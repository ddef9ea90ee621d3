"""Reasons of the reminder in words: every one, in every language, and never as a code."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest

from aftersales.findings import Alert, Severity, Transition
from aftersales.messages import reminder_words
from aftersales.messages.render import render
from unpaid_reminder.rules import Reason
from unpaid_reminder.text_rules import TextReason

NOW = datetime(2026, 11, 3, 12, 0, tzinfo=UTC)
LANGUAGES = ("zh-CN", "zh-TW", "en")


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_reason_has_words_of_its_own(language: str) -> None:
    texts, skips = reminder_words.TEXT_REASONS[language], reminder_words.SKIP_REASONS[language]
    assert set(texts) == {reason.value for reason in TextReason}
    assert set(skips) == {reason.value for reason in Reason} - {Reason.DUE.value}
    for words in (texts, skips):
        assert len(set(words.values())) == len(words)
        assert not any("_" in word for word in words.values())
        assert language == "en" or not any(re.search("[a-z]{4}", word) for word in words.values())


def alert(kind: str, **facts: str | int | None) -> Alert:
    return Alert(
        kind=kind,
        subject="order:uk/1001",
        severity=Severity.NOTICE,
        shop_id="uk",
        facts=facts,
        transition=Transition.OPENED,
        alert_id="7K3M9QW2-1",
        case_id="7K3M9QW2",
        opened_at=NOW,
        at=NOW,
    )


@pytest.mark.parametrize(
    ("language", "words"),
    [("zh-CN", "买家没有同意"), ("zh-TW", "買家沒有同意"), ("en", "the buyer has not agreed")],
)
def test_a_nudge_says_in_its_language_why_no_text_went(language: str, words: str) -> None:
    told = alert("unpaid_order", order_ids="1001", text="refused", text_reason="no_consent")
    message = render(told, language=language, time_zone="UTC", shop_name="Greenfield", now=NOW)
    (said,) = [field.value for field in message.fields if words in field.value]
    assert "consent" not in said


@pytest.mark.parametrize(
    ("language", "skipped", "texts"),
    [
        ("zh-CN", "已付款 3，太晚 1", "未发（买家没有同意） 4，已发 31（共 40 段）"),
        ("zh-TW", "已付款 3，太晚 1", "未發（買家沒有同意） 4，已發 31（共 40 段）"),
        ("en", "paid 3, too late 1",
         "not sent (the buyer has not agreed) 4, sent 31 (40 parts in all)"),
    ],
)  # fmt: skip
def test_the_weekly_report_counts_reasons_in_its_language(
    language: str, skipped: str, texts: str
) -> None:
    told = alert(
        "reminder_report",
        week="2026-W45",
        nudges=31,
        skipped="paid 3, too_late 1",
        texts="refused_no_consent 4, sent 31 (40 parts)",
    )
    message = render(told, language=language, time_zone="UTC", shop_name="", now=NOW)
    values = {field.value for field in message.fields}
    assert {skipped, texts} <= values


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_reason_of_a_later_version_is_shown_as_it_is(language: str) -> None:
    assert "new reason" in (reminder_words.texted(language, "refused", "new_reason") or "")
    assert "new reason 2" in reminder_words.skipped(language, "new_reason 2", ", ")
    assert reminder_words.texted(language, "odd", "") is None
