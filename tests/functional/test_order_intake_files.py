"""A dropped file from the S3 event to orders, parcels, quarantine and the operators' case."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from aftersales import aws
from aftersales.cases.casebook import Casebook
from aftersales.errors import Unreachable
from aftersales.parcels import OrderStatus, RefundStatus
from aftersales.platforms.spreadsheet import SIZE_LIMIT_BYTES
from aftersales.settings.model import Alerts, Settings, Shop, Target, Tracking
from aftersales.tables import orders, parcels
from aftersales.tables import settings as settings_table
from aftersales.tracking import Status
from local.buckets import Buckets
from local.cloud import Cloud
from local.queues import Queues
from local.state import State
from local.topics import Topics
from order_intake.app import files_handler
from order_intake.drops import import_drop, shop_and_name
from order_intake.importing import ImportResult, IntakeDesk, import_file
from tests.export_files import csv_of

NOW = datetime(2026, 11, 3, 2, 0, tzinfo=UTC)
EVENT = json.loads((Path(__file__).parents[2] / "events/order_intake_files.json").read_text())
SETTINGS = Settings(
    shops=(Shop(id="tb1", platform="taobao"),),
    tracking=Tracking(shards=4),
    alerts=Alerts(targets={"ops": Target(kind="webhook")}, operators=("ops",)),
)


class Context:
    """What the logger asks of a Lambda context."""

    function_name = "OrderIntakeFiles"
    memory_limit_in_mb = 1024
    invoked_function_arn = "arn:aws:lambda:us-east-1:123456789012:function:OrderIntakeFiles"
    aws_request_id = "00000000-0000-0000-0000-000000000001"


def row(order_id: str, number: str, **values: object) -> dict[str, object]:
    return {
        "订单号": order_id,
        "订单状态": "已发货",
        "发货时间": "2026-11-02 18:00:00",
        "快递单号": number,
        "快递公司": "圆通速递",
        **values,
    }


@dataclass
class Intake:
    """Imports files of the shop tb1 into the test's tables."""

    desk: IntakeDesk

    def __call__(self, *rows: dict[str, object], name: str = "orders.csv") -> ImportResult:
        return import_file(csv_of(*rows), name, "tb1", self.desk, NOW)


@pytest.fixture
def intake(tables: Any) -> Intake:
    return Intake(IntakeDesk(SETTINGS, Casebook(SETTINGS.alerts)))


def everything(tables: Any) -> dict[str, list[dict[str, Any]]]:
    names = ("orders", "parcels", "cases", "outbox", "quarantine")

    def in_order(item: dict[str, Any]) -> str:
        return json.dumps(item, sort_keys=True, default=str)

    return {name: sorted(tables.items(name), key=in_order) for name in names}


def test_orders_and_parcels_are_stored(tables, intake):
    result = intake(row("1", "YT0000000000001"), row("2", "YT0000000000002;YT0000000000003"))
    assert (result.orders, result.parcels) == ({"new": 2}, {"added": 3})
    order = orders.get("tb1", "2")
    assert order is not None
    assert order.status is OrderStatus.SHIPPED
    parcel = parcels.get("YT0000000000003")
    assert parcel is not None
    assert (parcel.courier, parcel.order_ids, parcel.shop_id) == ("yto", ("2",), "tb1")
    assert parcel.auto_confirm_at == datetime(2026, 11, 12, 10, 0, tzinfo=UTC)
    open_now = [p.parcel_id for n in range(4) for p in parcels.open_in_shard(n)]
    assert sorted(open_now) == [f"YT000000000000{n}" for n in (1, 2, 3)]


def test_the_same_file_twice_changes_nothing(tables, intake):
    rows = [row("1", "YT0000000000001"), row("2", "1.23E+12"), row("3", "YT0000000000001")]
    intake(*rows)
    before = everything(tables)
    again = intake(*rows)
    assert (again.orders, again.parcels) == ({"unchanged": 2}, {"unchanged": 2})
    assert everything(tables) == before


def test_several_orders_share_one_waybill(tables, intake):
    result = intake(*(row(str(n), "YT0000000000001") for n in range(8)))
    parcel = parcels.get("YT0000000000001")
    assert parcel is not None
    assert set(parcel.order_ids) == {str(n) for n in range(8)}
    assert result.parcels == {"added": 1, "joined": 7}


def test_a_shipment_file_never_takes_back_what_an_order_list_told(tables, intake):
    intake({"订单号": "1", "订单状态": "已发货", "总金额": "58.00", "售后状态": "待商家处理"})
    intake({"订单号": "1", "快递单号": "YT0000000000001", "总金额": ""}, name="shipments.csv")
    order = orders.get("tb1", "1")
    assert order is not None
    assert (order.status, order.amount_minor) == (OrderStatus.SHIPPED, 5800)
    assert order.refund is RefundStatus.OPEN
    parcel = parcels.get("YT0000000000001")
    assert parcel is not None
    assert parcel.disputed


def test_a_refund_request_makes_the_parcel_disputed_and_its_end_ends_that(tables, intake):
    intake(row("1", "YT0000000000001"))
    request = {"售后编号": "9", "订单编号": "1", "售后状态": "待商家处理"}
    intake(request, name="after.csv")
    parcel = parcels.get("YT0000000000001")
    assert parcel is not None
    assert parcel.disputed
    intake({**request, "售后状态": "售后关闭"}, name="after.csv")
    parcel = parcels.get("YT0000000000001")
    assert parcel is not None
    assert not parcel.disputed


def test_a_corrected_waybill_number_is_a_new_watch_and_ends_the_wrong_one(tables, intake):
    intake(row("1", "YT0000000000001"))
    result = intake(row("1", "YT0000000000002"))
    assert result.parcels == {"ended": 1, "added": 1}
    wrong, right = parcels.get("YT0000000000001"), parcels.get("YT0000000000002")
    assert wrong is not None
    assert right is not None
    assert (wrong.watched, right.watched) == (False, True)


def test_an_order_that_is_closed_ends_the_watch_of_a_parcel_that_never_left(tables, intake):
    intake(row("1", "YT0000000000001"))
    result = intake(row("1", "YT0000000000001", 订单状态="交易关闭"))
    assert result.parcels == {"ended": 1, "not_watched_closed": 1}
    parcel = parcels.get("YT0000000000001")
    assert parcel is not None
    assert not parcel.watched


def test_a_finished_order_begins_no_watch_but_tells_an_old_one(tables, intake):
    result = intake(row("1", "YT0000000000001", 订单状态="已完成"))
    assert result.parcels == {"not_watched_finished": 1}
    assert parcels.get("YT0000000000001") is None
    intake(row("2", "YT0000000000002"))
    result = intake(row("2", "YT0000000000002", 订单状态="已完成", 省="新疆"))
    assert result.parcels == {"updated": 1}
    parcel = parcels.get("YT0000000000002")
    assert parcel is not None
    assert (parcel.province, parcel.status) == ("新疆", Status.UNKNOWN)


def test_refused_rows_are_kept_and_open_one_case_for_the_operators(tables, intake):
    result = intake(row("1", "YT0000000000001"), row("2", "1.23E+12"), row("", "YT0000000000003"))
    assert [rejected.place for rejected in result.rejected] == [
        "orders.csv, row 3, column 快递单号",
        "orders.csv, row 4, column 订单号",
    ]
    kept = {item["place"]: item for item in tables.items("quarantine")}
    assert "1.23E+12" in kept["orders.csv, row 3, column 快递单号"]["raw"]
    (case,) = tables.items("cases")
    assert (case["kind"], case["subject"]) == ("rows_rejected", "file:tb1/orders.csv")
    (delivery,) = tables.items("outbox")
    told = json.dumps(delivery, default=str)
    assert "1.23E+12" in told
    assert "row 3" in told
    assert delivery["delivery_id"].endswith(":ops")


def test_a_mended_file_of_the_same_name_closes_the_case(tables, intake):
    intake(row("1", "1.23E+12"))
    intake(row("1", "YT0000000000001"))
    assert len(tables.items("outbox")) == 2
    intake(row("1", "YT0000000000001"))
    assert len(tables.items("outbox")) == 2


def test_a_file_that_is_no_export_is_a_case_and_no_crash(tables, intake):
    result = intake({"a": "1", "b": "2"}, name="wrong.csv")
    assert result.problem.startswith("wrong.csv: ")
    assert "Columns seen: a, b" in result.problem
    assert len(tables.items("cases")) == 1
    assert tables.items("orders") == []


def test_a_run_that_broke_off_is_made_good_by_the_next(tables, intake):
    """The parcel cannot be watched: its order is not stored either, the second run does both."""
    from pynamodb.exceptions import PynamoDBException

    client = tables.client
    name = f"{tables.prefix}-parcels"
    described = client.describe_table(TableName=name)["Table"]
    client.delete_table(TableName=name)
    with pytest.raises(PynamoDBException):
        intake(row("1", "YT0000000000001"))
    assert tables.items("orders") == []
    client.create_table(
        TableName=name,
        KeySchema=described["KeySchema"],
        AttributeDefinitions=described["AttributeDefinitions"],
        BillingMode="PAY_PER_REQUEST",
        GlobalSecondaryIndexes=[
            {key: index[key] for key in ("IndexName", "KeySchema", "Projection")}
            for index in described["GlobalSecondaryIndexes"]
        ],
    )
    assert intake(row("1", "YT0000000000001")).parcels == {"added": 1}


@pytest.fixture
def buckets(aws_environment: Any, tables: Any, tmp_path: Path) -> Iterator[Buckets]:
    state = State(tmp_path)
    kept = Buckets(state, ["aftersales-drop"])
    cloud = Cloud(Queues(state, []), kept, Topics(state))
    cloud.start()
    aws_environment.setenv("AWS_ENDPOINT_URL_S3", cloud.url)
    settings_table.push(SETTINGS)
    aws.forget()
    yield kept
    cloud.stop()
    state.close()


def test_the_handler_imports_what_was_dropped(tables, buckets):
    key = "inbox/tb1/发货 2026-11-03.csv"
    buckets.put("aftersales-drop", key, csv_of(row("1", "YT0000000000001"), encoding="gb18030"))
    (summary,) = files_handler(EVENT, Context())["imported"]
    assert (summary["file"], summary["orders"]) == ("发货 2026-11-03.csv", {"new": 1})
    assert orders.get("tb1", "1") is not None
    assert parcels.get("YT0000000000001") is not None


def test_a_file_that_is_gone_again_is_a_case(tables, buckets):
    (summary,) = files_handler(EVENT, Context())["imported"]
    assert "taken away" in summary["problem"]
    assert [case["subject"] for case in tables.items("cases")] == ["file:tb1/发货 2026-11-03.csv"]


def test_a_file_that_is_too_large_is_never_fetched(tables, intake):
    class NoS3:
        def get_object(self, **_: object) -> None:
            raise AssertionError("it was fetched")

    result = import_drop(
        NoS3(), "b", "inbox/tb1/x.csv", intake.desk, NOW, size=SIZE_LIMIT_BYTES + 1
    )
    assert "50 MB" in result.problem


def test_a_file_in_no_shops_folder_is_a_case(tables, intake):
    result = import_drop(None, "b", "inbox/x.csv", intake.desk, NOW)
    assert "inbox/<shop>/<file>" in result.problem
    assert len(tables.items("cases")) == 1


def test_s3_out_of_reach_is_tried_again(tables, intake):
    from botocore.exceptions import ClientError

    class DownS3:
        def get_object(self, **_: object) -> None:
            raise ClientError({"Error": {"Code": "SlowDown"}}, "GetObject")

    with pytest.raises(Unreachable) as caught:
        import_drop(DownS3(), "b", "inbox/tb1/x.csv", intake.desk, NOW)
    assert caught.value.retry


@pytest.mark.parametrize(
    ("key", "found"),
    [
        ("inbox/tb1/a.csv", ("tb1", "a.csv")),
        ("inbox/tb1/2026/11/a.csv", ("tb1", "a.csv")),
        ("inbox/a.csv", ("", "a.csv")),
    ],
)
def test_the_key_names_shop_and_file(key, found):
    assert shop_and_name(key) == found


def test_a_folder_is_no_file(tables, buckets):
    event = json.loads(json.dumps(EVENT).replace("%E5%8F%91%E8%B4%A7+2026-11-03.csv", ""))
    assert files_handler(event, Context()) == {"imported": []}


def test_a_shops_own_rules_are_used(tables, intake):
    slow = replace_shop(intake.desk, auto_confirm_days=3)
    import_file(csv_of(row("1", "YT0000000000001")), "o.csv", "tb1", slow, NOW)
    parcel = parcels.get("YT0000000000001")
    assert parcel is not None
    assert parcel.auto_confirm_at == datetime(2026, 11, 5, 10, 0, tzinfo=UTC)


def replace_shop(desk: IntakeDesk, **values: object) -> IntakeDesk:
    shop = replace(desk.settings.shops[0], **values)
    return replace(desk, settings=replace(desk.settings, shops=(shop,)))
