"""Kinds of cases that belong together, where more than wording depends on it."""

from __future__ import annotations

REVIEW_KINDS = (
    "bad_review",
    "hidden_complaint",
    "follow_up_turned_bad",
    "review_question",
    "product_alarm",
    "review_advertising",
)
"""About what buyers write. They are followed up until somebody closes them."""

BILL_KINDS = ("bill_discrepancies", "bill_unreadable", "bill_missing", "bill_credited")
"""About couriers' bills: for whoever pays them, not for a shop's agents."""
