"""Wording: one catalogue per language, and the message that channels render."""
