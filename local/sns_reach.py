"""The way from this machine to Amazon SNS: used where settings need it, never for a demonstration.

The local topics reach nobody. Outside of a demonstration they refuse what is published to them, so
that nothing is said to be delivered that is not; whoever needs SNS is told so at the start.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from aftersales.errors import Misconfigured

if TYPE_CHECKING:
    from aftersales.settings.model import Settings

ENDPOINT = "AWS_ENDPOINT_URL_SNS"
NAMES = (ENDPOINT, "AWS_PROFILE", "AWS_ACCESS_KEY_ID", "AWS_REGION", "AWS_DEFAULT_REGION")
"""What the operator's environment may say about it."""


def users_of_sns(settings: Settings) -> list[str]:
    """The settings that need SNS, by their places."""
    return [
        *(f"shops.{shop.id}.buyer_sms" for shop in settings.shops if shop.buyer_sms.enabled),
        *(
            f"alerts.targets.{name}"
            for name, target in settings.alerts.targets.items()
            if target.kind == "sns"
        ),
    ]


def way_out(settings: Settings, given: Mapping[str, str]) -> dict[str, str | None]:
    """The variables that lead to SNS (None: to be unset), {} where nothing needs it.

    `given` is the environment as the operator has set it. Raises `Misconfigured` where it names no
    credentials or no region.
    """
    users = users_of_sns(settings)
    if not users:
        return {}
    region = given.get("AWS_REGION") or given.get("AWS_DEFAULT_REGION") or _of_profile(given)
    regions = {"AWS_REGION": region, "AWS_DEFAULT_REGION": region} if region else {}
    if given.get(ENDPOINT):
        return {ENDPOINT: given[ENDPOINT], **regions}
    if regions and (given.get("AWS_PROFILE") or given.get("AWS_ACCESS_KEY_ID")):
        return {ENDPOINT: None, **regions}
    raise Misconfigured(
        f"Amazon SNS is needed for {', '.join(users)}, and nothing on this machine leads there: no "
        "text and no alert would reach anybody.",
        what_to_do="Set AWS_REGION and credentials that may publish (AWS_PROFILE, or "
        "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY), or switch them off.",
    )


def _of_profile(given: Mapping[str, str]) -> str:
    profile = given.get("AWS_PROFILE")
    if not profile:
        return ""
    from botocore.session import Session

    known = Session().full_config.get("profiles", {})
    return str(known.get(profile, {}).get("region", ""))
