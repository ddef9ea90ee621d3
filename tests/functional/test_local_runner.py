"""The runner with its fixture functions: every kind of trigger reaches its handler."""

from __future__ import annotations

import io
import json
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from aftersales import aws
from aftersales.errors import Misconfigured
from aftersales.settings.model import BuyerSms, Settings, Shop
from local import sns_reach
from local.queues import Queues
from local.runner import Runner
from local.state import State
from local.template import Function, Queue, ScheduleTrigger
from local.ticks import Tick, Ticks
from local.web import PageReply, PageRequest
from local.worker import Worker, calls_of

FIXTURES = Path(__file__).parents[1] / "fixtures"


@pytest.fixture(autouse=True)
def handlers(aws_environment: pytest.MonkeyPatch) -> None:
    aws_environment.syspath_prepend(str(FIXTURES))


class Desk:
    """A runner of the fixture template, and what its handlers have noted."""

    def __init__(self, folder: Path, **options: Any) -> None:
        self.out = io.StringIO()
        self.runner = Runner(
            folder / "state",
            console=Console(file=self.out, width=200),
            template_path=FIXTURES / "desk.yaml",
            prefix="desk",
            **options,
        )

    def __enter__(self) -> Desk:
        self.runner.__enter__()
        self.dynamodb = self.runner.machine.client("dynamodb")
        return self

    def __exit__(self, *exc: object) -> None:
        self.runner.__exit__(*exc)

    @property
    def url(self) -> str:
        assert self.runner.web is not None
        return self.runner.web.url

    def notes(self, kind: str) -> dict[str, tuple[Any, int]]:
        items = self.dynamodb.scan(TableName="desk-orders", ConsistentRead=True)["Items"]
        found = {}
        for item in items:
            of_kind, _, key = item["order_key"]["S"].partition("#")
            if of_kind == kind:
                found[key] = (json.loads(item["note"]["S"]), int(item["times"]["N"]))
        return found


def eventually(fact: Callable[[], Any], seconds: float = 10.0) -> Any:
    until = time.monotonic() + seconds
    while not (found := fact()):
        assert time.monotonic() < until, "it did not happen in time"
        threading.Event().wait(0.02)
    return found


def ask(url: str, body: bytes | None = None, **headers: str) -> tuple[int, bytes]:
    request = urllib.request.Request(
        url, data=body, headers={name.replace("_", "-"): value for name, value in headers.items()}
    )
    try:
        with urllib.request.urlopen(request, timeout=5) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as refused:
        with refused:
            return refused.code, refused.read()


def test_a_schedule_fires_its_function_and_the_queue_it_fills_is_worked_off(tmp_path: Path) -> None:
    start = datetime(2026, 3, 1, 8, 0, 30, tzinfo=UTC)
    with Desk(tmp_path, speed=60, start=start) as desk:
        desk.runner.start()
        plans = eventually(lambda: desk.notes("plan"))
        sweeps = eventually(lambda: len(found := desk.notes("sweep")) == 3 and found)
    first = min(plans)
    assert first >= "2026-03-01T08:00:00Z"
    assert first.endswith(":00Z")
    assert 59_000 < plans[first][0]["left"] <= 60_000
    assert set(sweeps) == {"0", "1", "2"}
    assert "3 shards" in desk.out.getvalue()
    assert desk.runner.clean


def test_new_records_of_the_stream_reach_their_function_and_changes_do_not(tmp_path: Path) -> None:
    with Desk(tmp_path) as desk:
        desk.runner.start()
        for n in range(3):
            desk.dynamodb.put_item(
                TableName="desk-outbox", Item={"delivery_id": {"S": f"d{n}"}, "b": {"B": b"\x01"}}
            )
        desk.dynamodb.update_item(
            TableName="desk-outbox",
            Key={"delivery_id": {"S": "d0"}},
            UpdateExpression="SET sent = :s",
            ExpressionAttributeValues={":s": {"N": "1"}},
        )
        eventually(lambda: len(desk.notes("deliver")) == 3)
        desk.dynamodb.put_item(TableName="desk-outbox", Item={"delivery_id": {"S": "d9"}})
        delivered = eventually(lambda: (found := desk.notes("deliver")).get("d9") and found)
    assert {key: times for key, (_, times) in delivered.items()} == dict.fromkeys(
        ["d0", "d1", "d2", "d9"], 1
    )
    record = delivered["d0"][0]
    assert record["eventName"] == "INSERT"
    assert record["dynamodb"]["NewImage"] == {"delivery_id": {"S": "d0"}, "b": {"B": "AQ=="}}


def test_a_push_reaches_its_function_and_too_large_a_one_does_not(tmp_path: Path) -> None:
    with Desk(tmp_path) as desk:
        desk.runner.start()
        form = {"Content_Type": "application/x-www-form-urlencoded"}
        assert ask(f"{desk.url}/push/kuaidi100?k=1", b"param=x", **form) == (200, b"success")
        event, _ = desk.notes("push")["kuaidi100"]
        assert event["routeKey"] == "POST /push/{source}"
        assert (event["body"], event["isBase64Encoded"]) == ("cGFyYW09eA==", True)
        assert ask(f"{desk.url}/push/sf", b"x" * (6 * 1024 * 1024 + 1))[0] == 413
        assert ask(f"{desk.url}/elsewhere", b"x")[0] == 404
        assert ask(f"{desk.url}/push/sf")[0] == 404
        assert set(desk.notes("push")) == {"kuaidi100"}


def test_pages_answer_on_this_machine_only(tmp_path: Path) -> None:
    def alerts(request: PageRequest) -> PageReply:
        return PageReply(f"<p>{request.path} {request.query} {request.form}</p>")

    with Desk(tmp_path, pages={"/alerts": alerts}) as desk:
        desk.runner.start()
        desk.runner.mount("/", lambda _: PageReply("home", content_type="text/plain"))
        assert ask(f"{desk.url}/alerts/7?a=1", b"b=2") == (
            200,
            b"<p>/alerts/7 {'a': '1'} {'b': '2'}</p>",
        )
        assert ask(f"{desk.url}/") == (200, b"home")
        assert ask(f"{desk.url}/alerts", Host="desk.example")[0] == 403
        assert ask(f"{desk.url}/alerts", X_Forwarded_For="203.0.113.9")[0] == 403
        assert ask(f"{desk.url}/alerts", b"", Origin="https://evil.example")[0] == 403
        # Couriers reach the routes through a tunnel.
        assert ask(f"{desk.url}/push/sf", b"x", Host="desk.example")[0] == 200


def test_a_dropped_file_reaches_its_function(tmp_path: Path) -> None:
    shop = tmp_path / "inbox" / "lan-home"
    shop.mkdir(parents=True)
    (shop / "七月 订单.csv").write_text("订单号\n1\n", "utf-8")
    with Desk(tmp_path, inbox_dir=tmp_path / "inbox") as desk:
        desk.runner.start()
        taken = eventually(lambda: desk.notes("file"))
        assert taken == {"inbox/lan-home/七月 订单.csv": ("订单号\n1\n", 1)}


def test_a_fast_clock_goes_on_at_the_second_start(tmp_path: Path) -> None:
    start = datetime(2026, 3, 1, 8, 0, tzinfo=UTC)
    with Desk(tmp_path, speed=3600, start=start) as desk:
        stopped = desk.runner.clock.now()
    with Desk(tmp_path, speed=3600, start=start) as desk:
        assert desk.runner.clock.now() > stopped


def test_two_runners_do_not_share_a_state_folder(tmp_path: Path) -> None:
    with (
        Desk(tmp_path),
        pytest.raises(Misconfigured, match="Another runner is using the state folder"),
        Desk(tmp_path),
    ):
        pass


def test_a_port_that_is_taken_leaves_nothing_behind(tmp_path: Path) -> None:
    with Desk(tmp_path / "a") as first:
        first.runner.start()
        port = int(first.url.rpartition(":")[2])
        with (
            pytest.raises(Misconfigured, match=f"port {port} cannot be used"),
            Desk(tmp_path / "b", port=port) as second,
        ):
            second.runner.start()
    assert not (tmp_path / "b" / "state" / "engine.pid").exists()


def test_one_pass_of_a_package_plans_and_drains_its_queues(tmp_path: Path) -> None:
    with Desk(tmp_path) as desk:
        assert desk.runner.once("desk_fixture")
        assert len(desk.notes("plan")) == 1
        assert set(desk.notes("sweep")) == {"0", "1", "2"}
        assert desk.runner.machine.queues.counts("desk-SweepQueue") == (0, 0, 0)


def test_one_pass_takes_the_inbox_and_says_when_it_failed(tmp_path: Path) -> None:
    shop = tmp_path / "inbox" / "lan-home"
    shop.mkdir(parents=True)
    (shop / "broken.csv").write_text("x")
    with Desk(tmp_path, inbox_dir=tmp_path / "inbox") as desk:
        assert not desk.runner.once("Files")
    assert "row 3: no waybill number" in desk.out.getvalue()
    log = (tmp_path / "state" / "functions.log").read_text("utf-8")
    assert "Traceback" in log


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("plan", "no function plan. Known: desk_fixture"),
        ("Push", "has no pass|no pass of its own"),
        ("Deliver", "Try desk_fixture"),
    ],
)
def test_a_name_without_a_pass_is_answered_with_what_to_do(
    tmp_path: Path, name: str, reason: str
) -> None:
    with Desk(tmp_path) as desk, pytest.raises(Misconfigured, match=reason):
        desk.runner.once(name)


@pytest.fixture
def queues(tmp_path: Path) -> Any:
    state = State(tmp_path)
    now = [1_000_000.0]
    made = Queues(state, [Queue("Failed", "failed")], now=lambda: now[0])
    yield state, made, now
    state.close()


def test_a_failing_call_is_retried_twice_and_then_put_to_the_failure_queue(queues: Any) -> None:
    state, store, now = queues
    trigger = ScheduleTrigger("FEvery", "rate(1 day)", "UTC", '{"n":1}')
    function = Function(
        "F", "json.loads", 3, 128, {}, on_failure="failed", schedules=(trigger,)
    )  # json.loads refuses an event that is no text
    at = datetime(2026, 3, 1, tzinfo=UTC)
    runs: list[Any] = []
    worker = Worker(
        function,
        queues=store,
        ticks=Ticks(state, [function], at),
        report=runs.append,
        stopping=threading.Event(),
    )
    worker.offer(Tick(function, trigger, at))
    assert worker.work_once()
    assert not worker.work_once()
    for pause in (60, 120):
        now[0] += pause - 1
        assert not worker.work_once()
        now[0] += 1
        assert worker.work_once()
    assert [run.cause for run in runs][-1] == "schedule 2026-03-01 00:00 UTC, again, again"
    (failure,) = store.receive("failed")
    record = json.loads(failure.body)
    assert record["requestPayload"] == {"n": 1}
    assert record["requestContext"]["approximateInvokeCount"] == 3
    assert record["responsePayload"]["errorMessage"].startswith("TypeError")
    assert store.counts(calls_of(function)) == (0, 0, 0)


def test_ticks_that_find_the_function_busy_become_one(queues: Any) -> None:
    state, store, _ = queues
    trigger = ScheduleTrigger("FEvery", "rate(1 minute)", "UTC", "{}")
    function = Function("F", "json.dumps", 3, 128, {}, schedules=(trigger,))
    runs: list[Any] = []
    at = datetime(2026, 3, 1, tzinfo=UTC)
    worker = Worker(
        function,
        queues=store,
        ticks=Ticks(state, [function], at),
        report=runs.append,
        stopping=threading.Event(),
    )
    for minute in range(4):
        worker.offer(Tick(function, trigger, at.replace(minute=minute)))
    while worker.work_once():
        pass
    assert [(run.cause, run.merged) for run in runs] == [("schedule 2026-03-01 00:03 UTC", 3)]


SMS = BuyerSms(enabled=True)


def a_real_desk(folder: Path, settings: Settings) -> Runner:
    return Runner(folder, console=Console(file=io.StringIO()), settings=settings)


def test_a_desk_that_texts_buyers_does_not_start_where_no_text_would_arrive(
    tmp_path: Path, aws_environment: pytest.MonkeyPatch
) -> None:
    for name in sns_reach.NAMES:
        aws_environment.delenv(name, raising=False)
    settings = Settings(shops=(Shop(id="uk", platform="woocommerce", buyer_sms=SMS),))
    with pytest.raises(Misconfigured, match=r"SNS is needed for shops\.uk\.buyer_sms"):
        a_real_desk(tmp_path, settings).__enter__()


def test_with_credentials_texts_leave_this_machine_and_nothing_else_does(
    tmp_path: Path, aws_environment: pytest.MonkeyPatch
) -> None:
    aws_environment.setenv("AWS_REGION", "eu-west-1")
    aws_environment.setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
    settings = Settings(shops=(Shop(id="uk", platform="woocommerce", buyer_sms=SMS),))
    with a_real_desk(tmp_path, settings):
        sns, queues = aws.client("sns"), aws.client("sqs")
        assert sns.meta.endpoint_url == "https://sns.eu-west-1.amazonaws.com"
        assert "127.0.0.1" in queues.meta.endpoint_url
    with a_real_desk(tmp_path, Settings()):
        assert "127.0.0.1" in aws.client("sns").meta.endpoint_url, "nobody needs it"
