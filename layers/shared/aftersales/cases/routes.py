"""Which targets hear of a case. Pure."""

from __future__ import annotations

from aftersales.findings import Alert, Finding, Severity
from aftersales.settings.model import Alerts

UNROUTED = "(no route)"
"""Stands for a target where the settings name none, so that the alert is seen and not lost."""


def targets_for(alerts: Alerts, alert: Alert | Finding) -> tuple[str, ...]:
    """The names of the targets for an alert, or for one that a finding would cause; never empty.

    Cases of the desk itself carry no shop and go to the operators. Everything else takes the first
    route that fits; without one the operators get it.
    """
    if not alert.shop_id and alerts.operators:
        return alerts.operators
    for route in alerts.routes:
        fits_shop = not route.shops or alert.shop_id in route.shops
        fits_kind = not route.kinds or alert.kind in route.kinds
        fits_severity = alert.severity.rank >= Severity(route.min_severity).rank
        if fits_shop and fits_kind and fits_severity:
            return route.targets
    return alerts.operators or (UNROUTED,)
