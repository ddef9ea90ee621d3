"""Made-up numbers that look right: waybills by each courier's pattern, postal check digits."""

from __future__ import annotations

import random

S10_WEIGHTS = (8, 6, 4, 2, 3, 5, 9, 7)
FORMS = {
    "yto": ("YT", 13),
    "zto": ("76", 12),
    "sto": ("77", 13),
    "yunda": ("43", 13),
    "jt": ("JT", 13),
    "sf": ("SF", 13),
    "jd": ("JDVA", 11),
}
"""Courier -> what its numbers begin with, and how many digits follow."""
POSTAL_SERVICES = {"china_post": "LV", "yanwen": "RV", "ems": "EV"}


def _digits(rng: random.Random, count: int) -> str:
    # Never only zeros at the end: that is what a spreadsheet leaves of a number.
    return "".join(str(rng.randrange(10)) for _ in range(count - 1)) + str(rng.randrange(1, 10))


def waybill_number(courier: str, rng: random.Random) -> str:
    """A number of a courier inside China."""
    start, count = FORMS[courier]
    return start + _digits(rng, count)


def postal_number(courier: str, rng: random.Random, *, valid: bool = True) -> str:
    """An S10 number from China; with `valid` False its check digit is wrong."""
    digits = _digits(rng, 8)
    total = sum(int(d) * weight for d, weight in zip(digits, S10_WEIGHTS, strict=True))
    check = {10: 0, 11: 5}.get(11 - total % 11, 11 - total % 11)
    shown = check if valid else (check + 1) % 10
    return f"{POSTAL_SERVICES[courier]}{digits}{shown}CN"


def order_number(rng: random.Random) -> str:
    """Nineteen digits, as Taobao counts."""
    return "43" + _digits(rng, 17)
