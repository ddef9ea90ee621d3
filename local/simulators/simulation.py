"""The demonstration as a part of the runner: starts the simulators, shows what robots receive."""

from __future__ import annotations

import os
from contextlib import ExitStack
from typing import TYPE_CHECKING

from aftersales.clock import business_now, wall_now
from local.simulators.back_office import BackOffice
from local.simulators.demo_settings import (
    PHONES_ROOM,
    ROBOTS,
    ROOMS,
    SECRETS,
    TOP_SECRETS,
    WOO_SECRETS,
    settings_for,
)
from local.simulators.kuaidi100 import Kuaidi100
from local.simulators.memory import ChatLog, Registered, open_world
from local.simulators.robots import Robots
from local.simulators.server import Vendors
from local.simulators.seventeentrack import Pusher, SeventeenTrack
from local.simulators.shop_life import TMALL_SHOP, WOO_SHOP, tmall_life, woo_life
from local.simulators.shop_push import Outage, TopPusher, Webhook, WooPusher
from local.simulators.top import Top
from local.simulators.woo import Woo
from local.simulators.world import World
from local.topics import PHONES, Published

if TYPE_CHECKING:
    from local.runner import Runner

MESSAGES_PER_MINUTE = 60
"""Of a DingTalk robot. The vendor's 20 a minute are for a real clock: here a minute is a day."""
SUMMARY_SECONDS = 10.0
"""How often a function's runs are summed up in the terminal: it is the alerts' room."""
PUSH_PATH = "/push/seventeentrack"


class Simulation:
    """A `Part`: four shops, two tracking sources, three robots, phones, and the page about them."""

    def __init__(self) -> None:
        self._stack = ExitStack()
        self.world: World
        self.chat: ChatLog
        self.kuaidi100: Kuaidi100
        self.seventeentrack: SeventeenTrack

    def start(self, runner: Runner) -> None:
        """See `Part.start`."""
        state, speed_up = runner.machine.state, runner.speed > 1
        self.world = open_world(state, runner.clock.now())
        self.chat = ChatLog(state, business_now)
        registered = Registered(state)
        key = SECRETS["AFTERSALES_DEMO_17TRACK_KEY"]
        self.seventeentrack = SeventeenTrack(self.world, registered, key, business_now)
        self.kuaidi100 = Kuaidi100(
            self.world,
            SECRETS["AFTERSALES_DEMO_KUAIDI100_KEY"],
            SECRETS["AFTERSALES_DEMO_KUAIDI100_CUSTOMER"],
            business_now,
        )
        robots = Robots(
            self.chat.post,
            dict.fromkeys(ROBOTS, SECRETS["AFTERSALES_DEMO_ROBOT_SECRET"]),
            **({"per_minute": MESSAGES_PER_MINUTE} if speed_up else {}),
        )

        def web_url(path: str) -> str:
            return f"{runner.web.url}{path}" if runner.web is not None else ""

        tmall, store = (tell(self.world.seed, self.world.origin) for tell in (tmall_life, woo_life))
        self.world.others += [tmall.parcel, store.parcel]
        top_keys = {name: SECRETS[variable] for name, variable in TOP_SECRETS.items()}
        woo_keys = {name: SECRETS[variable] for name, variable in WOO_SECRETS.items()}

        webhook = Webhook(lambda: web_url(f"/shops/{WOO_SHOP}"), Outage.of(self.world.origin))
        vendors = Vendors(
            self.seventeentrack,
            self.kuaidi100,
            robots,
            top=Top(tmall, top_keys, business_now, wall_now),
            woo=Woo(store, woo_keys, business_now, webhook),
        )
        vendors.start()
        self._stack.callback(vendors.stop)
        self._lend_secrets()
        runner.machine.topics.accepts = True
        runner.machine.topics.listeners.append(self.show_text)
        runner.settings = settings_for(vendors.url)
        self._show(runner)

        pusher = Pusher(
            self.seventeentrack,
            self.world,
            registered,
            key=key,
            now=business_now,
            url=lambda: web_url(PUSH_PATH),
        )
        pusher.start()
        self._stack.callback(pusher.stop)
        for shop_pusher in (
            WooPusher(store, woo_keys["webhook_secret"], business_now, webhook),
            TopPusher(
                tmall, top_keys, business_now, wall_now, lambda: web_url(f"/shops/{TMALL_SHOP}")
            ),
        ):
            shop_pusher.start()
            self._stack.callback(shop_pusher.stop)
        if runner.inbox_dir is not None:
            office = BackOffice(self.world, runner.inbox_dir, business_now)
            office.start()
            self._stack.callback(office.stop)

    def stop(self) -> None:
        """See `Part.stop`."""
        self._stack.close()

    def _lend_secrets(self) -> None:
        """Put the simulators' secrets where the settings say they are, until `stop`."""
        before = {name: os.environ.get(name) for name in SECRETS}
        os.environ.update(SECRETS)

        def take_back() -> None:
            for name, value in before.items():
                if value is None:
                    os.environ.pop(name, None)
                else:
                    os.environ[name] = value

        self._stack.callback(take_back)

    def show_text(self, published: Published) -> None:
        """A text to a buyer, as it stands on a telephone. The number is masked already."""
        if published.topic_arn.startswith(PHONES):
            text = {
                "title": f"SMS → {published.topic_arn.removeprefix(PHONES)}",
                "severity": "notice",
                "lead": published.message,
                "facts": [],
                "sections": [],
                "alert_id": "",
            }
            self.chat.post(PHONES_ROOM, text)

    def _show(self, runner: Runner) -> None:
        """Messages in the terminal as they come, all of them on the page."""
        from local.page.page import DeskPage
        from local.simulators.frames import frame

        runner.report.every_seconds = SUMMARY_SECONDS
        self.chat.listeners.append(lambda message: runner.report.show(frame(message, ROOMS)))
        page = DeskPage(runner, self.chat.after, ROOMS)
        runner.watchers.append(page.runs.add)
        runner.mount("/", page)
