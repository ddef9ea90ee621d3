"""CloudWatch metrics, written as log lines (EMF): no call, and only a few, since each one costs."""

from __future__ import annotations

from aws_lambda_powertools import single_metric
from aws_lambda_powertools.metrics import MetricUnit

NAMESPACE = "Aftersales"


def emit(service: str, name: str, value: float, unit: str) -> None:
    """One value of one metric, with the service as its only dimension."""
    with single_metric(
        name=name, unit=MetricUnit(unit), value=value, namespace=NAMESPACE
    ) as metric:
        metric.add_dimension(name="service", value=service)
