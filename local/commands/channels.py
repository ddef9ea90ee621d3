"""`aftersales channels`: does a target hear us?"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from local.tables_at_hand import state_option, tables_at_hand
from local.terminal import json_option, plain, print_json, read_text, say

if TYPE_CHECKING:
    from aftersales.channels.base import Outcome
    from aftersales.settings.model import Settings

IN_WORDS = {
    "delivered": "The target has the message.",
    "rate_limited": "The target takes no more messages now; try again in {wait:.0f} s.",
    "transient": "The target could not take it now; try again later.",
    "ambiguous": "No answer came back: the message may have arrived. Look at the target.",
    "bad_content": "The target does not accept this text.",
    "bad_config": "The target is not set up right: check its address, secret and keyword.",
}


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def channels() -> None:
    """Chat robots, topics and webhooks that receive alerts."""


@channels.command()
@click.argument("target")
@click.option(
    "--settings",
    "settings_file",
    metavar="FILE",
    help="Settings file that names the target.  [default: aftersales.yaml where it exists, else "
    "the settings in force]",
)
@state_option
@json_option
def test(target: str, settings_file: str | None, state_dir: Path | None, as_json: bool) -> None:
    """Send a test message to one target of the settings and say what became of it.

    The exit code is 1 where it was not delivered.

    \b
    Example:
      aftersales channels test service-group
    """
    settings = _settings(settings_file, state_dir)
    outcome = _send(target, settings)
    if as_json:
        print_json(
            {
                "target": target,
                "kind": settings.alerts.targets[target].kind,
                "delivered": outcome.delivered,
                "outcome": outcome.kind.value,
                "code": outcome.code,
                "detail": outcome.detail,
                "wait_seconds": outcome.wait_seconds,
            }
        )
    else:
        say(f"{target}: {IN_WORDS[outcome.kind.value].format(wait=outcome.wait_seconds)}")
        answer = ": ".join(filter(None, (plain(outcome.code), plain(outcome.detail))))
        if answer and not outcome.delivered:
            say(f"  It said: {answer}")
    if not outcome.delivered:
        click.get_current_context().exit(1)


def _settings(settings_file: str | None, state_dir: Path | None) -> Settings:
    from aftersales.settings.load import load_yaml
    from local.commands.run import SETTINGS_FILE

    stored = bool(os.environ.get("TABLE_PREFIX")) or state_dir is not None
    if settings_file is None and SETTINGS_FILE.exists() and not stored:
        settings_file = str(SETTINGS_FILE)
    if settings_file is not None:
        return load_yaml(read_text(settings_file), settings_file)
    with tables_at_hand(state_dir):
        from aftersales.tables import settings

        return settings.load()


def _send(name: str, settings: Settings) -> Outcome:
    from aftersales.channels.registry import build_channel
    from aftersales.clock import wall_now
    from aftersales.errors import Misconfigured
    from aftersales.http import PooledTransport
    from aftersales.settings.secrets import resolve
    from local.trial_message import trial_message

    target = settings.alerts.targets.get(name)
    if target is None:
        known = ", ".join(settings.alerts.targets) or "none yet"
        raise Misconfigured(
            f"The settings name no target {name}.",
            what_to_do=f"Known: {known}. Targets stand under alerts.targets in the settings file.",
        )
    channel = build_channel(target, lambda ref: resolve(ref, os.environ), PooledTransport())
    now = wall_now()
    language = target.language or settings.language
    message = trial_message(language, settings.time_zone, now)
    return channel.send(message, now)
