"""What connects a shop with the desk: secrets, options and address, by platform."""

from __future__ import annotations

from urllib.parse import urlsplit

from aftersales.platforms.registry import PLATFORMS
from aftersales.settings.checks import check_name, check_reference, check_url
from aftersales.settings.document import Path
from aftersales.settings.model import Shop
from aftersales.settings.shape import Reader

_TOP = (("app_key", "app_secret", "session"), ("session_expires_at",))
_TOP_OPTIONS = (
    "order_method",
    "sign_method",
    "unpaid_close_hours",
    "refund_details",
    "review_follow_ups",
)

SHOP_SECRETS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "taobao": _TOP,
    "tmall": _TOP,
    "woocommerce": (
        ("consumer_key", "consumer_secret"),
        ("webhook_secret", "webhook_secret_previous"),
    ),
    "generic": (("webhook_secret",), ("webhook_secret_previous",)),
}
"""Platform: the secrets it must have, and may have."""

SHOP_OPTIONS: dict[str, tuple[str, ...]] = {
    "taobao": _TOP_OPTIONS,
    "tmall": _TOP_OPTIONS,
    "woocommerce": ("hold_stock_minutes",),
    "generic": (),
}
"""Platform: the options that its connector reads."""

EXTENSION_DAYS: dict[str, tuple[int, ...]] = {"taobao": (3, 5, 7, 10), "tmall": (3, 5, 7, 10)}
"""Platform: the extensions of the receipt time that it offers, in days."""

_OWN_ADDRESS = ("woocommerce",)
"""Shop systems that have no address in common."""


def check_connection(shop: Shop, path: Path, reader: Reader) -> None:
    """Note what is wrong or missing in how a shop is connected."""
    if shop.base_url:
        _check_base_url(shop.base_url, (*path, "base_url"), reader)
    for secret, reference in shop.secrets.items():
        check_reference(reference, (*path, "secrets", secret), reader)
    if shop.extend_receipt_days:
        _check_extension(shop, (*path, "extend_receipt_days"), reader)
    named = reader.names((*path, "secrets"))
    if shop.platform not in PLATFORMS:
        if named or reader.names((*path, "options")):
            reader.note(
                (*path, "secrets" if named else "options"),
                f"the desk cannot connect to a shop on {shop.platform} yet.",
                f"Remove it and drop export files. Connected are {', '.join(PLATFORMS)}.",
            )
        return
    _check_names(shop, path, reader)
    required, _ = SHOP_SECRETS[shop.platform]
    # Nothing written: the shop is known by dropped files only. That is no mistake, but where the
    # platform is nothing but a connection.
    if not named and shop.platform != "generic":
        return
    for secret in required:
        if secret not in named:
            reader.note(
                (*path, "secrets"),
                f"{shop.platform} needs the secret `{secret}`.",
                f"Add `{secret}: env:NAME` to its `secrets`.",
            )
    if shop.platform in _OWN_ADDRESS and not reader.written((*path, "base_url")):
        reader.note(
            path,
            f"{shop.platform} needs `base_url`.",
            "Add the shop's own address, such as https://shop.example.com.",
        )


def _check_names(shop: Shop, path: Path, reader: Reader) -> None:
    required, optional = SHOP_SECRETS[shop.platform]
    known = dict.fromkeys((*required, *optional))
    for secret in shop.secrets:
        inner = (*path, "secrets", secret)
        check_name(secret, known, inner, reader, f"secret of {shop.platform}", at_name=True)
    for option in shop.options:
        inner = (*path, "options", option)
        allowed = SHOP_OPTIONS[shop.platform]
        check_name(option, allowed, inner, reader, f"option of {shop.platform}", at_name=True)
    text = shop.options.get("hold_stock_minutes", "off")
    if not is_minutes_or_off(text):
        reader.note(
            (*path, "options", "hold_stock_minutes"),
            "this is neither a number of minutes nor off.",
            "Write what stands in the shop under Products, Inventory, Hold stock.",
        )


def _check_extension(shop: Shop, path: Path, reader: Reader) -> None:
    offered = EXTENSION_DAYS.get(shop.platform)
    if offered is None:
        reader.note(
            path,
            f"the desk cannot extend the receipt time on {shop.platform}.",
            f"Remove it, agents do it by hand. It can on {', '.join(EXTENSION_DAYS)}.",
        )
    elif shop.extend_receipt_days not in offered:
        days = ", ".join(map(str, offered))
        reader.note(
            path, f"{shop.platform} offers {days} days.", "Take one of them, or 0 for none."
        )
    elif not shop.secrets:
        reader.note(path, "it needs a connected shop.", "Add its `secrets`, or remove it.")


def is_minutes_or_off(text: str) -> bool:
    """Is this `off`, or a whole number of minutes from 1 to a year?"""
    whole = text.isascii() and text.isdigit() and len(text) <= 6
    return text == "off" or (whole and 1 <= int(text) <= 366 * 24 * 60)


def _check_base_url(url: str, path: Path, reader: Reader) -> None:
    before = len(reader.problems)
    check_url(url, path, reader)
    if len(reader.problems) == before and (urlsplit(url).query or urlsplit(url).fragment):
        reader.note(path, "it must be an address without ? and #.", "Write the part before it.")
