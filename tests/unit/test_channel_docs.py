"""docs/channels.md says what the channels do."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from aftersales.channels import dingtalk, feishu, slack, wecom
from aftersales.channels.base import OutcomeKind
from aftersales.channels.registry import CHANNELS
from aftersales.webhooks import WEBHOOK_SOURCES
from tests.channel_samples import english, sent_by

TEXT = (Path(__file__).parents[2] / "docs" / "channels.md").read_text(encoding="utf-8")
SECTIONS = dict(re.findall(r"^## (.+?)\n(.*?)(?=^## |\Z)", TEXT, re.MULTILINE | re.DOTALL))


@pytest.mark.parametrize("kind", CHANNELS)
def test_every_channel_has_a_section_with_a_target_to_copy(kind):
    section = {name.lower(): text for name, text in SECTIONS.items()}[kind]
    assert f"kind: {kind}" in section


def test_every_outcome_is_explained():
    section = SECTIONS["What holds for all of them"]
    assert set(re.findall(r"^\| `(\w+)` \|", section, re.MULTILINE)) == {
        kind.value for kind in OutcomeKind
    }


@pytest.mark.parametrize(
    ("section", "codes"),
    [
        ("DingTalk", [code for code in dingtalk.VERDICTS if not 430100 <= code < 430200]),
        ("WeCom", list(wecom.VERDICTS)),
        ("Feishu", list(feishu.VERDICTS)),
        ("Slack", ["ok", *slack.CONTENT_ERRORS[:4], "no_service", "channel_is_archived"]),
    ],
)
def test_every_code_is_in_its_table(section, codes):
    for code in codes:
        assert re.search(rf"(?<![\w-]){code}(?!\w)", SECTIONS[section]), code


def test_the_webhook_example_has_the_keys_and_types_that_are_sent():
    example = json.loads(SECTIONS["Webhook"].split("```json")[1].split("```")[0])
    sent = sent_by("webhook", english())
    assert list(example) == list(sent)
    assert [type(value) for value in example.values()] == [type(value) for value in sent.values()]


def test_every_source_of_signed_webhooks_is_listed():
    listed = re.findall(r"^\| `(\w+)` \|", SECTIONS["Signed webhooks of chat tools"], re.MULTILINE)
    assert tuple(listed) == WEBHOOK_SOURCES
