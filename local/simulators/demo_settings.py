"""The settings of the demonstration: two shops, two tracking sources, three rooms."""

from __future__ import annotations

from aftersales.settings.model import Alerts, Route, Settings, Shop, Source, Target, Tracking
from local.simulators.world import ABROAD_SHOP, COURIERS_ABROAD, HOME_SHOP

SECRETS = {
    "AFTERSALES_DEMO_17TRACK_KEY": "demo-17track-key",
    "AFTERSALES_DEMO_KUAIDI100_KEY": "demo-kuaidi100-key",
    "AFTERSALES_DEMO_KUAIDI100_CUSTOMER": "DEMOCUSTOMER",
    "AFTERSALES_DEMO_ROBOT_SECRET": "SECdemo",
}
"""Environment variable -> value. They open nothing but the simulators."""

HOME_ROOM, ABROAD_ROOM, DESK_ROOM = "guanju-agents", "lumen-agents", "desk-operators"
ROOMS = {
    HOME_ROOM: {"name": "观居家居 售后群", "app": "DingTalk"},
    ABROAD_ROOM: {"name": "Lumen & Loom #after-sales", "app": "Slack"},
    DESK_ROOM: {"name": "值班运维群", "app": "WeCom"},
}
"""Room -> what the page calls it."""


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
                Route(targets=(ABROAD_ROOM,), shops=(ABROAD_SHOP,)),
                Route(targets=(HOME_ROOM,)),
            ),
            operators=(DESK_ROOM,),
        ),
    )
