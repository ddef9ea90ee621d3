"""The settings of the demonstration: four shops, two tracking sources, three rooms, phones.

Two shops are known by the files that they drop; two are live: they push their changed orders, are
read on schedule as well, and asked before a nudge.
"""

from __future__ import annotations

from aftersales.settings.model import (
    Alerts,
    BuyerSms,
    Route,
    Settings,
    Shop,
    Source,
    Target,
    Tracking,
)
from local.simulators.shop_life import TMALL_SHOP, WOO_SHOP
from local.simulators.woo import HOLD_STOCK_MINUTES
from local.simulators.woo_rows import CONSENT_FIELD, PHONES
from local.simulators.world import ABROAD_SHOP, COURIERS_ABROAD, HOME_SHOP

SECRETS = {
    "AFTERSALES_DEMO_17TRACK_KEY": "demo-17track-key",
    "AFTERSALES_DEMO_KUAIDI100_KEY": "demo-kuaidi100-key",
    "AFTERSALES_DEMO_KUAIDI100_CUSTOMER": "DEMOCUSTOMER",
    "AFTERSALES_DEMO_ROBOT_SECRET": "SECdemo",
    "AFTERSALES_DEMO_TOP_APP_KEY": "31999999",
    "AFTERSALES_DEMO_TOP_APP_SECRET": "demo-top-secret",
    "AFTERSALES_DEMO_TOP_SESSION": "demo-top-session",
    "AFTERSALES_DEMO_WOO_KEY": "ck_demo",
    "AFTERSALES_DEMO_WOO_SECRET": "cs_demo",
    "AFTERSALES_DEMO_WOO_WEBHOOK_SECRET": "demo-woo-webhook",
}
"""Environment variable -> value. They open nothing but the simulators."""

TOP_SECRETS = {
    "app_key": "AFTERSALES_DEMO_TOP_APP_KEY",
    "app_secret": "AFTERSALES_DEMO_TOP_APP_SECRET",
    "session": "AFTERSALES_DEMO_TOP_SESSION",
}
WOO_SECRETS = {
    "consumer_key": "AFTERSALES_DEMO_WOO_KEY",
    "consumer_secret": "AFTERSALES_DEMO_WOO_SECRET",
    "webhook_secret": "AFTERSALES_DEMO_WOO_WEBHOOK_SECRET",
}
"""A platform's own name of a secret -> the environment variable."""
REMINDER = {"gather_minutes": 60, "holdout_percent": 10, "too_late_minutes": 720}
"""On a clock on which a second is a quarter of an hour, runs of a second are late by minutes, and
the room must not get a message for each order."""

BUYER_SMS = BuyerSms(
    enabled=True,
    consent="Box 'Text me about my order' in the checkout, unticked, since 2026-01-05",
    consent_field=CONSENT_FIELD,
    moments=("first", "last"),
    countries=tuple(PHONES),
    sender_id="LumenStore",
    month_limit_usd=20,
)
"""They stay on this machine: the numbers are made up, and what is sent is shown on the page."""

HOME_ROOM, ABROAD_ROOM, DESK_ROOM = "guanju-agents", "lumen-agents", "desk-operators"
PHONES_ROOM = "buyers-phones"
ROBOTS = (HOME_ROOM, ABROAD_ROOM, DESK_ROOM)
ROOMS = {
    HOME_ROOM: {"name": "观居家居 售后群", "app": "DingTalk"},
    ABROAD_ROOM: {"name": "Lumen & Loom #after-sales", "app": "Slack"},
    DESK_ROOM: {"name": "值班运维群", "app": "WeCom"},
    PHONES_ROOM: {"name": "Lumen Store → buyers", "app": "SMS"},
}
"""Room -> what the page calls it."""

FIRST_LOOK_BACK_HOURS = 1
"""The live shops open when the demonstration begins."""


def settings_for(vendors_url: str) -> Settings:
    """Settings that lead to the simulated vendors at `vendors_url`."""
    robot = f"{vendors_url}/dingtalk/robot/send?access_token={HOME_ROOM}"
    return Settings(
        shops=(
            Shop(id=HOME_SHOP, platform="taobao", name="观居家居旗舰店"),
            Shop(
                id=ABROAD_SHOP,
                platform="shopify",
                name="Lumen & Loom",
                language="en",
                time_zone="Europe/London",
                currency="USD",
            ),
            Shop(
                id=TMALL_SHOP,
                platform="tmall",
                name="观居家居天猫店",
                base_url=f"{vendors_url}/top/router/rest",
                secrets={name: f"env:{variable}" for name, variable in TOP_SECRETS.items()},
                first_look_back_hours=FIRST_LOOK_BACK_HOURS,
                extend_receipt_days=3,
                reminder=REMINDER,
            ),
            Shop(
                id=WOO_SHOP,
                platform="woocommerce",
                name="Lumen Store",
                language="en",
                # While one of the two live shops is closed for messages, the other one is open.
                time_zone="America/New_York",
                currency="USD",
                base_url=f"{vendors_url}/woo",
                secrets={name: f"env:{variable}" for name, variable in WOO_SECRETS.items()},
                options={"hold_stock_minutes": str(HOLD_STOCK_MINUTES)},
                first_look_back_hours=FIRST_LOOK_BACK_HOURS,
                reminder=REMINDER,
                buyer_sms=BUYER_SMS,
            ),
        ),
        tracking=Tracking(
            sources={
                "kuaidi100": Source(
                    kind="kuaidi100",
                    secrets={
                        "key": "env:AFTERSALES_DEMO_KUAIDI100_KEY",
                        "customer": "env:AFTERSALES_DEMO_KUAIDI100_CUSTOMER",
                    },
                    base_url=f"{vendors_url}/kuaidi100",
                    push=False,
                    # The vendor's one a second, on a clock on which a second is half an hour.
                    requests_per_second=40.0,
                    concurrency=4,
                ),
                "seventeentrack": Source(
                    kind="seventeentrack",
                    secrets={"key": "env:AFTERSALES_DEMO_17TRACK_KEY"},
                    base_url=f"{vendors_url}/17track",
                    requests_per_second=2.5,
                ),
            },
            default_source="kuaidi100",
            by_courier={courier: "seventeentrack" for courier, _ in COURIERS_ABROAD},
            shards=2,
        ),
        alerts=Alerts(
            targets={
                HOME_ROOM: Target(
                    kind="dingtalk",
                    url=robot,
                    sign_secret="env:AFTERSALES_DEMO_ROBOT_SECRET",  # noqa: S106 - a reference
                    keyword="售后",
                ),
                ABROAD_ROOM: Target(
                    kind="slack", url=f"{vendors_url}/slack/{ABROAD_ROOM}", language="en"
                ),
                DESK_ROOM: Target(
                    kind="wecom", url=f"{vendors_url}/wecom/cgi-bin/webhook/send?key={DESK_ROOM}"
                ),
            },
            routes=(
                Route(targets=(ABROAD_ROOM,), shops=(ABROAD_SHOP, WOO_SHOP)),
                Route(targets=(HOME_ROOM,)),
            ),
            operators=(DESK_ROOM,),
        ),
    )
