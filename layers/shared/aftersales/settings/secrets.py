"""Secrets by name: the settings hold references, this turns one into its value.

- `env:NAME`: an environment variable (one machine);
- `ssm:/path/name`: a parameter of AWS Systems Manager, decrypted;
- `secretsmanager:name` or `secretsmanager:name#field`: a secret of AWS Secrets Manager, whole or
  one field of its JSON.

What AWS gave is kept in this process for five minutes, so that a changed secret takes effect
without a deployment. Errors name the reference, never a value.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from aftersales.errors import Misconfigured, Unreachable

if TYPE_CHECKING:
    from botocore.exceptions import ClientError

    from aftersales.aws import Service

MAX_AGE_SECONDS = 300.0

_REFERENCE = re.compile(
    r"env:[A-Za-z_][A-Za-z0-9_]{0,127}"
    r"|ssm:[A-Za-z0-9_./-]{1,1011}"
    r"|secretsmanager:[A-Za-z0-9/_+=.@:-]{1,512}(?:#[A-Za-z0-9_.-]{1,128})?"
)
_BUSY = ("ThrottlingException", "TooManyUpdates", "InternalServerError", "InternalServiceError")

_kept: dict[str, tuple[float, object, str]] = {}


def is_reference(text: str) -> bool:
    """Does this text name a secret, rather than being one?"""
    return _REFERENCE.fullmatch(text) is not None


def resolve(
    reference: str, environ: Mapping[str, str], max_age_seconds: float = MAX_AGE_SECONDS
) -> str:
    """The secret behind `reference`, without white space around it.

    A value from AWS may be `max_age_seconds` old. Raises `Misconfigured` where the reference, the
    secret or the permission is missing, `Unreachable` where AWS gives no answer now.
    """
    if not is_reference(reference):
        raise Misconfigured(
            "A secret is not given by name.",
            what_to_do="Write env:NAME, ssm:/path/name or secretsmanager:name#field.",
        )
    kind, _, name = reference.partition(":")
    if kind == "env":
        value = environ.get(name, "").strip()
        if not value:
            raise Misconfigured(
                f"The secret {reference} is missing.",
                what_to_do=f"Set the environment variable {name}.",
            )
        return value
    from aftersales import aws

    kept = _kept.get(reference)
    now = time.monotonic()
    if kept is not None and now - kept[0] < max_age_seconds and kept[1] is aws.session():
        return kept[2]
    value = (_parameter if kind == "ssm" else _secret)(reference, name).strip()
    if not value:
        raise Misconfigured(f"The secret {reference} is empty.", what_to_do="Store its value.")
    _kept[reference] = (now, aws.session(), value)
    return value


def forget() -> None:
    """Drop what is kept, so that the next question goes to AWS."""
    _kept.clear()


def _parameter(reference: str, name: str) -> str:
    found = _asked(reference, "ssm", "get_parameter", Name=name, WithDecryption=True)
    return str(found["Parameter"]["Value"])


def _secret(reference: str, name: str) -> str:
    name, _, field = name.partition("#")
    found = _asked(reference, "secretsmanager", "get_secret_value", SecretId=name)
    text = found.get("SecretString")
    if text is None:
        raise Misconfigured(f"The secret {reference} is binary.", what_to_do="Store it as text.")
    if not field:
        return str(text)
    try:
        fields = json.loads(text)
    except ValueError:
        fields = None
    if not isinstance(fields, dict) or not isinstance(fields.get(field), str | int):
        raise Misconfigured(
            f"The secret {reference} has no such field.",
            what_to_do=f"Store it as JSON with a text {field!r}.",
        )
    return str(fields[field])


def _asked(reference: str, service: Service, operation: str, **parameters: Any) -> Any:
    """One call to AWS. What botocore says is not repeated: only its error code is."""
    from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError

    from aftersales import aws

    try:
        return getattr(aws.client(service), operation)(**parameters)
    except ClientError as exc:
        raise _judged(reference, exc) from None
    except NoCredentialsError:
        raise Misconfigured(
            f"The secret {reference} cannot be read: there are no AWS credentials.",
            what_to_do="Give this machine credentials, or use env:NAME.",
        ) from None
    except BotoCoreError as exc:
        raise Unreachable(
            f"The secret {reference} could not be read now: {type(exc).__name__}"
        ) from None


def _judged(reference: str, exc: ClientError) -> Exception:
    code = str(exc.response.get("Error", {}).get("Code", ""))
    status = int(exc.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
    if code in _BUSY or status >= 500 or status == 429:
        return Unreachable(
            f"The secret {reference} could not be read now: {code}", code=code, status=status
        )
    if code in {"ParameterNotFound", "ResourceNotFoundException"}:
        return Misconfigured(
            f"The secret {reference} does not exist.",
            what_to_do="Store it under that name in this account and region.",
        )
    return Misconfigured(
        f"The secret {reference} cannot be read: {code}.",
        what_to_do="Check its name, and that the function's role may read it.",
    )
