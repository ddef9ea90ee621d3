"""The shop platforms that have a connector, by name. One is imported when it is first asked for."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Any

from aftersales.errors import Misconfigured

if TYPE_CHECKING:
    from aftersales.http import Transport
    from aftersales.platforms.base import Platform
    from aftersales.settings.model import Shop

_CLASSES = {
    "taobao": ("taobao", "Taobao"),
    "tmall": ("taobao", "Taobao"),
    "woocommerce": ("woocommerce", "WooCommerce"),
    "generic": ("generic", "Generic"),
}
"""Platform: module and class. Taobao and Tmall speak one protocol."""

PLATFORMS: tuple[str, ...] = tuple(_CLASSES)


def platform_class(name: str) -> type[Platform]:
    """The connector class of that platform. Raises `Misconfigured` naming those there are."""
    if name not in _CLASSES:
        raise Misconfigured(
            f"The desk cannot connect to a shop on {name!r}.",
            what_to_do=f"Drop its export files, or use one of: {', '.join(PLATFORMS)}.",
        )
    module, connector_name = _CLASSES[name]
    connector: type[Platform] = getattr(
        import_module(f"aftersales.platforms.{module}"), connector_name
    )
    return connector


def build_platform(shop: Shop, secrets: Mapping[str, str], transport: Transport) -> Platform:
    """The connection to one shop. `secrets` are values already, not references.

    Raises `Misconfigured` for a platform without a connector or a missing secret.
    """
    connector: Any = platform_class(shop.platform)
    platform: Platform = connector(shop, secrets, transport, options=shop.options)
    return platform
