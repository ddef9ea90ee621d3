"""Which targets hear of a case. Pure."""

from __future__ import annotations

from msgspec.structs import replace

from aftersales.cases.kinds import BILL_KINDS
from aftersales.cases.model import Case
from aftersales.findings import Alert, Finding, Severity
from aftersales.settings.model import Alerts, Route

UNROUTED = "(no route)"
"""Stands for a target where the settings name none, so that the alert is seen and not lost."""


def targets_for(alerts: Alerts, alert: Alert | Finding) -> tuple[str, ...]:
    """The names of the targets for an alert, or for one that a finding would cause; never empty.

    Cases of the desk itself carry no shop and go to the operators. So do those about couriers'
    bills, unless a route names their kind. Everything else takes the first route that fits; without
    one the operators get it.
    """
    route = _route_of(alerts, alert)
    if route is not None:
        return route.targets
    return alerts.operators or (UNROUTED,)


def owner_for(alerts: Alerts, alert: Alert | Finding | Case) -> str:
    """Who answers for a case that nobody has taken: the owner of the route it takes, or ""."""
    route = _route_of(alerts, alert)
    return route.owner if route is not None else ""


def _route_of(alerts: Alerts, alert: Alert | Finding | Case) -> Route | None:
    """The route that a case takes; None where it goes to the operators."""
    named = _route_naming(alerts, alert) if alert.kind in BILL_KINDS else None
    if not alert.shop_id and alerts.operators and named is None:
        return None
    return named or _route_for(alerts, alert)


def _route_naming(alerts: Alerts, alert: Alert | Finding | Case) -> Route | None:
    """The route that names this very kind, of those that fit."""
    named = tuple(route for route in alerts.routes if alert.kind in route.kinds)
    return _route_for(replace(alerts, routes=named), alert)


def _route_for(alerts: Alerts, alert: Alert | Finding | Case) -> Route | None:
    for route in alerts.routes:
        fits_shop = not route.shops or alert.shop_id in route.shops
        fits_kind = not route.kinds or alert.kind in route.kinds
        fits_severity = alert.severity.rank >= Severity(route.min_severity).rank
        if fits_shop and fits_kind and fits_severity:
            return route
    return None
