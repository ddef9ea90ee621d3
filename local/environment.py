"""The environment that handlers find on one machine."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Mapping

from aftersales.errors import Misconfigured
from local.cloudformation import REGION
from local.engine import ENDPOINT_VARIABLE
from local.template import Template

PER_FUNCTION = ("POWERTOOLS_SERVICE_NAME", "AWS_LAMBDA_FUNCTION_NAME")
"""They differ between functions by nature; all share this process, so none of them is set."""
OPERATORS_CHOICE = ("LOG_LEVEL",)
"""Kept where the operator has set them."""


def compose(
    template: Template, *, engine_url: str, cloud_url: str, clock: str
) -> dict[str, str | None]:
    """The variables to set; None: to be unset. Raises `Misconfigured` where functions disagree."""
    variables: dict[str, str | None] = {}
    for function in template.functions:
        for name, value in function.environment.items():
            if name in PER_FUNCTION:
                continue
            if variables.setdefault(name, value) != value:
                raise Misconfigured(
                    f"The template gives {name} different values in different functions; on one "
                    "machine they share one environment.",
                    what_to_do="Give the variables different names.",
                )
    variables |= {
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_ENDPOINT_URL_DYNAMODB": engine_url,
        "AWS_ENDPOINT_URL_DYNAMODB_STREAMS": engine_url,
        "AWS_ENDPOINT_URL_SQS": cloud_url,
        "AWS_ENDPOINT_URL_S3": cloud_url,
        "AWS_ENDPOINT_URL_SNS": cloud_url,
        "AFTERSALES_CLOCK": clock or None,
        # A proxy of the machine must not carry what stays on the machine.
        "NO_PROXY": ",".join(filter(None, [os.environ.get("NO_PROXY"), "127.0.0.1,localhost"])),
    }
    if not os.environ.get("AWS_PROFILE") and not os.environ.get("AWS_ACCESS_KEY_ID"):
        # Local ends check no signature, but clients refuse to send without credentials.
        variables |= {"AWS_ACCESS_KEY_ID": "local", "AWS_SECRET_ACCESS_KEY": "local"}
    for name in OPERATORS_CHOICE:
        if name in os.environ:
            variables.pop(name, None)
    return variables


@contextlib.contextmanager
def applied(variables: Mapping[str, str | None]) -> Iterator[None]:
    """Set the variables, and put back what was there."""
    before = {name: os.environ.get(name) for name in variables}
    _set(variables)
    try:
        yield
    finally:
        _set(before)


def _set(variables: Mapping[str, str | None]) -> None:
    for name, value in variables.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value


def engine_endpoint() -> str:
    """The endpoint the operator has named instead of the embedded engine; "" for none."""
    return os.environ.get(ENDPOINT_VARIABLE, "")
