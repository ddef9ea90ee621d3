"""The tracking sources by name. An adapter is imported when it is first asked for."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from aftersales.errors import Misconfigured
from aftersales.http import AtMost

if TYPE_CHECKING:
    from aftersales.couriers.base import TrackingSource
    from aftersales.http import Transport
    from aftersales.settings.model import Source

_CLASSES = {
    "kuaidi100": "Kuaidi100",
    "kdniao": "KDNiao",
    "seventeentrack": "SeventeenTrack",
    "aftership": "AfterShip",
    "easypost": "EasyPost",
    "sf": "SF",
}

SOURCES: tuple[str, ...] = tuple(_CLASSES)


def source_class(name: str) -> type[TrackingSource]:
    """The adapter class of that name. Raises `Misconfigured` naming the sources there are."""
    if name not in _CLASSES:
        raise Misconfigured(
            f"There is no tracking source {name!r}.",
            what_to_do=f"Use one of: {', '.join(SOURCES)}.",
        )
    module = import_module(f"aftersales.couriers.{name}")
    adapter: type[TrackingSource] = getattr(module, _CLASSES[name])
    return adapter


def build_source(
    settings: Source,
    secrets: Mapping[str, str],
    transport: Transport,
    path_secret: str = "",
) -> TrackingSource:
    """The adapter of one account, with its settings applied.

    `secrets` and `path_secret` are values already, not references. The adapter finds the path
    secret as option `path_secret_value`, and option `push` "off" where the account is only asked:
    it has no address to push to, or is set so.
    Raises `Misconfigured` for an unknown kind or a missing secret.
    """
    adapter: Any = source_class(settings.kind)
    options = {**settings.options, "path_secret_value": path_secret}
    expects_pushes = settings.push and (settings.callback_url or "webhook_secret" in secrets)
    if not expects_pushes:
        options["push"] = "off"
    changed: dict[str, Any] = {
        "requests_per_second": settings.requests_per_second,
        "concurrency": settings.concurrency,
    }
    changed = {name: value for name, value in changed.items() if value is not None}
    limits = replace(adapter.limits, **changed)
    source: TrackingSource = adapter(
        secrets,
        AtMost(limits.concurrency, transport),
        base_url=settings.base_url,
        callback_url=settings.callback_url,
        options=options,
    )
    if changed:
        source.limits = limits
    return source
