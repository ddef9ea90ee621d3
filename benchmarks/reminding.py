"""What the measurements of the reminder share: a shop that can be asked, made-up unpaid orders."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from aftersales.parcels import Order, OrderLine, OrderStatus
from aftersales.platforms.base import Capability
from aftersales.settings.model import Alerts, Reminder, Route, Settings, Shop, Target
from benchmarks.measuring import Clock, Database

SHOP = "tb1"
SETTINGS = Settings(
    shops=(Shop(id=SHOP, platform="taobao", secrets={"session": "env:X"}),),
    alerts=Alerts(
        targets={"robot": Target(kind="dingtalk", url="env:ROBOT_URL")},
        routes=(Route(targets=("robot",)),),
        operators=("robot",),
    ),
    reminder=Reminder(),
)
ITEMS_PER_WRITE = 25
WRITERS = 4


@dataclass
class Shopfront:
    """A platform in this process: it tells an order as `orders` holds it, at once."""

    orders: dict[str, Order] = field(default_factory=dict)
    asked: int = 0
    capabilities: frozenset[Capability] = frozenset({Capability.ORDER_BY_ID})

    def order(self, order_id: str) -> Order:
        self.asked += 1
        return self.orders[order_id]


def an_order(number: int, placed: datetime, **values: Any) -> Order:
    """An unpaid order with everything filled in that a platform usually tells."""
    fields: dict[str, Any] = {
        "shop_id": SHOP,
        "order_id": str(2_605_170_000_000_000_000 + number),
        "status": OrderStatus.UNPAID,
        "raw_status": "WAIT_BUYER_PAY",
        "created_at": placed,
        "updated_at": placed,
        "pay_by": placed + timedelta(hours=24),
        "amount_minor": 12_900,
        "currency": "CNY",
        "buyer_ref": f"buyer{number}",
        "province": "浙江省",
        "city": "杭州市",
        "lines": (OrderLine("陶瓷马克杯 350ml 米白", 2, sku=f"CUP-{number % 50}"),),
        **values,
    }
    return Order(**fields)


def a_desk(clock: Clock, shop: Shopfront, settings: Settings = SETTINGS) -> Any:
    """The deployed desk over that clock and that shop; nothing else can be reached."""
    from unpaid_reminder.desk import Desk

    return Desk(
        settings=settings,
        transport=_nowhere,
        resolve=str,
        business_now=clock,
        platforms={one.id: shop for one in settings.shops},  # type: ignore[misc]
    )


def fill(store: Database, known: Iterable[tuple[Order, datetime]]) -> None:
    """Store many orders, each with its next look, in the form in which `orders.merge` does.

    One by one through the code that merges, 100,000 orders would take longer than what is measured.
    """
    from aftersales import unpaid
    from aftersales.tables import orders
    from aftersales.tables.connection import binding

    table = f"{binding().prefix}-orders"
    shop = SETTINGS.shop(SHOP)

    def item(order: Order, next_moment: datetime) -> dict[str, Any]:
        row = orders._Row(
            orders._key(order.shop_id, order.order_id),
            document=order,
            version=1,
            expires_at=int((next_moment + orders.KEEP).timestamp()),
            known_at=order.created_at,
            unpaid_shard=orders.unpaid_shard(order.shop_id, order.order_id),
            next_moment=next_moment,
            buyer_key=unpaid.buyer_key(order, shop),
            placed_at=order.created_at,
        )
        return {"PutRequest": {"Item": row.serialize()}}

    def write(chunk: Sequence[dict[str, Any]]) -> None:
        answer = store.client.batch_write_item(RequestItems={table: list(chunk)})
        if answer.get("UnprocessedItems"):
            raise RuntimeError("the engine left items unwritten")

    items = [item(order, at) for order, at in known]
    chunks = [items[at : at + ITEMS_PER_WRITE] for at in range(0, len(items), ITEMS_PER_WRITE)]
    with ThreadPoolExecutor(WRITERS) as pool:
        list(pool.map(write, chunks))


def _nowhere(request: object) -> Any:
    raise AssertionError(f"nothing is to be sent: {request}")
