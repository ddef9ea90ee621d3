"""The check digit rules of waybill numbers (couriers reference, section 12).

Every function takes the whole number, check digit included, and says whether it fits. A check digit
excludes: one in seven to one in ten of all numbers fit by chance. Chinese couriers have none.
"""

from __future__ import annotations

from itertools import cycle


def _mod10(digits: str, *, first: int, second: int) -> bool:
    """Weights `first`, `second` in turn from the left over all but the last digit."""
    body, check = digits[:-1], int(digits[-1])
    weights = cycle((first, second))
    total = sum(int(digit) * weight for digit, weight in zip(body, weights, strict=False))
    return -total % 10 == check


def _mod11_then_10(digits: str) -> bool:
    """FedEx Express: weights 1 3 7 repeating from the right, which is 3 1 7 over 11 digits."""
    body, check = digits[:-1], int(digits[-1])
    weights = cycle((1, 3, 7))
    total = sum(int(digit) * weight for digit, weight in zip(reversed(body), weights, strict=False))
    return total % 11 % 10 == check


def s10(number: str) -> bool:
    """UPU S10: weights 8 6 4 2 3 5 9 7, 11 - sum mod 11, where 10 counts as 0 and 11 as 5."""
    digits = number[2:11]
    total = sum(
        int(digit) * weight
        for digit, weight in zip(digits[:8], (8, 6, 4, 2, 3, 5, 9, 7), strict=True)
    )
    check = 11 - total % 11
    return {10: 0, 11: 5}.get(check, check) == int(digits[8])


def ups(number: str) -> bool:
    """UPS 1Z: letters count (ASCII - 3) mod 10, weights 1 2 in turn over 15 characters, mod 10."""
    return _ups(number[2:])


def ups_waybill(number: str) -> bool:
    """UPS letter + 9 digits + check digit: as 1Z, without the letter."""
    return _ups(number[1:])


def _ups(text: str) -> bool:
    values = "".join(c if c.isdigit() else str((ord(c) - 3) % 10) for c in text[:-1])
    return _mod10(values + text[-1], first=1, second=2)


def fedex_express(number: str) -> bool:
    """FedEx 12 digits."""
    return _mod11_then_10(number)


def fedex_34(number: str) -> bool:
    """FedEx 34 digits: 13 digits and their check digit stand at the end."""
    return _mod11_then_10(number[-14:])


def fedex_ground(number: str) -> bool:
    """FedEx Ground 15 digits, and the last 15 of the 22 that begin with 96."""
    return _mod10(number[-15:], first=1, second=3)


def sscc18(number: str) -> bool:
    """A serial shipping container code: 18 digits, weights 3 1 in turn."""
    return _mod10(number, first=3, second=1)


def usps(number: str) -> bool:
    """USPS 20, 22 and 26 digits, without the ZIP part: weights 3 1 in turn."""
    return _mod10(number, first=3, second=1)


def usps_implied_91(number: str) -> bool:
    """USPS 20 digits whose check digit counts a 91 that is not printed."""
    return usps("91" + number)


def fedex_implied_92(number: str) -> bool:
    """FedEx SmartPost, 20 digits: the check digit counts a 92 that is not printed."""
    return usps("92" + number)


def dhl_express(number: str) -> bool:
    """DHL Express 10 or 11 digits: all but the last, mod 7."""
    return int(number[:-1]) % 7 == int(number[-1])
