"""`aftersales webhooks`: why a push is accepted or refused."""

from __future__ import annotations

import os
from datetime import UTC, datetime

import click

from local.terminal import json_option, print_json, read_bytes, say


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def webhooks() -> None:
    """Why a push is accepted or refused."""


@webhooks.command()
@click.option("--source", metavar="NAME", required=True, help="Who signed it; see above.")
@click.option(
    "--secret-env",
    metavar="VAR",
    required=True,
    help="Name of the environment variable that holds the secret.",
)
@click.option("--headers", "headers_file", metavar="FILE", help="JSON object of its headers.")
@click.option("--path", default="", help="Path it was sent to; needed for sf and taobao.")
@click.option(
    "--now", metavar="EPOCH", help="When it arrived, in seconds since 1970.  [default: now]"
)
@click.argument("bodyfile")
@json_option
def verify(  # noqa: PLR0917 - click passes options by name
    source: str,
    secret_env: str,
    headers_file: str | None,
    path: str,
    now: str | None,
    bodyfile: str,
    as_json: bool,
) -> None:
    """Check a webhook as the desk does, over the very bytes of BODYFILE ("-": standard input).

    NAME is seventeentrack, aftership, easypost, kuaidi100, kdniao, sf, woocommerce, taobao, webhook
    (our own, and generic shops), slack, feishu, feishu_legacy, wecom, teams or dingtalk. Query
    parameters count as headers, but taobao's belong to --path. The verdict is no failure of this
    command: the exit code is 0 for an invalid webhook, too.

    \b
    Example:
      aftersales webhooks verify --source seventeentrack --secret-env TRACK17_KEY \\
          --headers headers.json body.bin --json
    """
    from local.webhook_check import check_webhook, read_headers

    _known(source)
    headers = read_headers(read_bytes(headers_file), headers_file) if headers_file else {}
    secret, at = _secret(source, secret_env), _time(now)
    checked = check_webhook(source, headers, read_bytes(bodyfile), secret, now=at, path=path)
    if as_json:
        print_json({"valid": checked.valid, "reason": checked.reason})
        return
    say(f"{'Valid' if checked.valid else 'Refused'}: {checked.reason}.")


def _known(source: str) -> None:
    from local.webhook_check import ALIASES, NAMES

    if source not in NAMES and source not in ALIASES:
        raise click.BadParameter(f"use one of {', '.join(NAMES)}.", param_hint="--source")


def _secret(source: str, variable: str) -> str:
    from local.webhook_check import MAY_BE_EMPTY

    secret = os.environ.get(variable)
    if secret is None or (not secret and source not in MAY_BE_EMPTY):
        what = "is not set" if secret is None else "is empty"
        raise click.BadParameter(
            f"the environment variable {variable} {what}; put the webhook's secret into it.",
            param_hint="--secret-env",
        )
    return secret


def _time(epoch: str | None) -> datetime:
    from aftersales.clock import wall_now

    if epoch is None:
        return wall_now()
    try:
        return datetime.fromtimestamp(float(epoch), UTC)
    except (ValueError, OverflowError, OSError) as exc:
        raise click.BadParameter(
            "write it in seconds since 1970, such as 1700000000.", param_hint="--now"
        ) from exc
