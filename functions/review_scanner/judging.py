"""The classifier's answer in the words of the desk."""

from __future__ import annotations

from aftersales.review_records import Verdict
from review_scanner.classifier import judging


def judge(text: str, rating: int | None) -> Verdict:
    """What a text means, written under a rating (None: without one)."""
    said = judging.judge(text, rating)
    return Verdict(
        score=round(said.score, 3),
        sentiment=said.sentiment,
        hidden_complaint=said.hidden_complaint,
        topics=tuple(said.topics),
        advertising=said.advertising,
        contact=said.contact_wanted,
        question=said.question,
    )
