"""`aftersales shops`: do a shop's credentials work?"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import click

from local.tables_at_hand import state_option, tables_at_hand
from local.terminal import json_option, print_json, say

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime
    from pathlib import Path

    from aftersales.settings.model import Settings, Shop
    from local.shop_trial import ShopTrial

MARKS = {True: "works", False: "FAILS", None: "-"}


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def shops() -> None:
    """Shops that the desk is connected with."""


@shops.command()
@click.argument("shop")
@click.option(
    "--settings",
    "settings_file",
    metavar="FILE",
    help="Settings file that names the shop.  [default: aftersales.yaml where it exists, else the "
    "settings in force]",
)
@state_option
@json_option
def test(shop: str, settings_file: str | None, state_dir: Path | None, as_json: bool) -> None:
    """Try a shop's credentials and say what works and what is missing.

    Only reads: nothing in the shop is changed, and nothing of it is shown but counts. The exit code
    is 1 where something that the platform offers does not work.

    With --state the shop is looked up in the settings that are in force there, and tried by that
    desk's clock: a running demonstration has its own.

    \b
    Example:
      aftersales shops test tb1 --settings aftersales.yaml
      aftersales shops test lumen-store --state .state/demo
    """
    settings, now = _settings(settings_file, state_dir)
    trial = _trial(_shop(shop, settings), now)
    if as_json:
        print_json(_as_json(trial))
    else:
        _say(trial)
    if not trial.works:
        click.get_current_context().exit(1)


def _settings(settings_file: str | None, state_dir: Path | None) -> tuple[Settings, datetime]:
    """The settings that name the shop, and the time of the desk that they are of."""
    from aftersales.clock import business_now, wall_now
    from aftersales.settings.load import load_yaml
    from local.commands.run import SETTINGS_FILE
    from local.terminal import read_text

    stored = bool(os.environ.get("TABLE_PREFIX")) or state_dir is not None
    if settings_file is None and SETTINGS_FILE.exists() and not stored:
        settings_file = str(SETTINGS_FILE)
    if settings_file is not None:
        loaded = load_yaml(read_text(settings_file), settings_file)
        if state_dir is None:
            return loaded, wall_now()
        with tables_at_hand(state_dir):
            return loaded, business_now()
    with tables_at_hand(state_dir):
        from aftersales.tables import settings

        return settings.load(), business_now()


def _shop(shop_id: str, settings: Settings) -> Shop:
    from aftersales.errors import Misconfigured

    for shop in settings.shops:
        if shop.id == shop_id:
            return shop
    known = ", ".join(shop.id for shop in settings.shops) or "none yet"
    raise Misconfigured(
        f"The settings name no shop {shop_id}.",
        what_to_do=f"Known: {known}. Shops stand under shops in the settings file.",
    )


def _trial(shop: Shop, now: datetime) -> ShopTrial:
    from aftersales.errors import AftersalesError, Misconfigured, Unreachable
    from aftersales.http import PooledTransport
    from aftersales.settings.secrets import resolve
    from local.shop_trial import is_known_by_files_only, not_connected, try_shop

    secrets: dict[str, str] = {}
    errors: list[AftersalesError] = []
    if not is_known_by_files_only(shop):
        known = {**_demo_secrets(shop), **os.environ}
        for name, reference in shop.secrets.items():
            try:
                secrets[name] = resolve(reference, known)
            except (Misconfigured, Unreachable) as exc:
                errors.append(exc)
    if errors:
        return not_connected(shop, errors)
    return try_shop(shop, secrets, PooledTransport(), now)


def _demo_secrets(shop: Shop) -> Mapping[str, str]:
    """A demonstration lends its secrets to its own process only; they open simulators."""
    if not any(one.startswith("env:AFTERSALES_DEMO_") for one in shop.secrets.values()):
        return {}
    from local.simulators.demo_settings import SECRETS

    return SECRETS


def _as_json(trial: ShopTrial) -> dict[str, object]:
    return {
        "shop": trial.shop,
        "platform": trial.platform,
        "capabilities": [
            {
                "name": each.name.value,
                "offered": each.offered,
                "works": each.works,
                "words": each.words,
            }
            for each in trial.capabilities
        ],
        "works": trial.works,
        "words": trial.words,
    }


def _say(trial: ShopTrial) -> None:
    from local.shop_trial import NAMES

    say(f"{trial.shop} ({trial.platform})")
    if trial.words:
        say(f"  {trial.words}")
    width = max(map(len, NAMES.values()))
    for each in trial.capabilities:
        say(f"  {NAMES[each.name]:<{width}}  {MARKS[each.works]:<5}  {each.words}")
    if trial.capabilities:
        verdict = "Everything that could be tried works." if trial.works else "Not all of it works."
        say(verdict)
