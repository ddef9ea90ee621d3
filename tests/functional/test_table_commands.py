"""Commands that work on the tables: parcels, import, cases, alerts, channels, settings push."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from aftersales.cases.casebook import Casebook
from aftersales.findings import Finding, Severity
from aftersales.settings.model import Alerts, Route, Settings, Target, Tracking
from aftersales.tables import cases as case_table
from aftersales.tables import outbox
from aftersales.tables import parcels as parcel_table
from aftersales.tables import settings as settings_table
from aftersales.tracking import Status, TrackingEvent
from order_intake.importing import IntakeDesk, import_file
from tests.command_line import aftersales

NUMBER, OTHER = "YT0000000000001", "SF0000000000001"
NOW = datetime.now(UTC).replace(microsecond=0)
SETTINGS = Settings(
    tracking=Tracking(shards=4),
    alerts=Alerts(
        targets={"robot": Target(kind="dingtalk"), "second": Target(kind="slack")},
        routes=(Route(targets=("robot",)),),
        operators=("second",),
    ),
)
EXPORT = (
    "订单编号,订单状态,物流单号,物流公司,发货时间\n"
    f"2605170000001,卖家已发货,{NUMBER},圆通速递,2026-11-20 10:00:00\n"
    "2605170000002,卖家已发货,1.23E+12,圆通速递,2026-11-20 10:00:00\n"
)


@pytest.fixture
def desk(tables) -> Settings:
    settings_table.push(SETTINGS)
    return SETTINGS


def open_case(kind: str = "stalled", number: str = NUMBER) -> str:
    finding = Finding(
        kind=kind,
        subject=f"parcel:{number}",
        severity=Severity.WARN,
        shop_id="tb1",
        facts={"waybill_number": number, "hours": 50, "city": None},
        deadline=NOW + timedelta(hours=6),
        family="transit",
        strength=1,
    )
    Casebook(SETTINGS.alerts).open(finding, NOW)
    case = case_table.get(finding.subject, kind)
    assert case is not None
    return case.case_id


def test_a_parcel_that_is_added_is_watched_and_listed(desk):
    ran = aftersales(
        *("parcels", "add", f" {NUMBER.lower()} ", NUMBER, OTHER, "--shop", "tb1"),
        *("--order", "O1", "--shipped-at", "2026-11-20 10:00", "--phone-tail", "0000", "--json"),
    )
    assert (ran.code, ran.err) == (0, "")
    assert ran.json == [
        {"waybill_number": NUMBER, "courier": "yto", "source": "", "outcome": "added"},
        {"waybill_number": OTHER, "courier": "sf", "source": "", "outcome": "added"},
    ]
    kept = parcel_table.current(NUMBER)
    assert kept.shipped_at == datetime(2026, 11, 20, 2, 0, tzinfo=UTC)
    assert (kept.order_ids, kept.phone_tail, kept.shop_id) == (("O1",), "0000", "tb1")

    again = aftersales("parcels", "add", NUMBER, "--shop", "tb1", "--order", "O2", "--json")
    assert again.json[0]["outcome"] == "joined"
    listed = aftersales("parcels", "list", "--json").json
    assert {parcel["waybill_number"] for parcel in listed} == {NUMBER, OTHER}
    assert listed[0]["watched"] is True
    assert "phone_tail" not in listed[0]
    assert aftersales("parcels", "list", "--shop", "other", "--json").json == []
    assert aftersales("parcels", "list", "--status", "returned", "--json").json == []
    assert len(aftersales("parcels", "list", "--limit", "1", "--json").json) == 1
    assert NUMBER in aftersales("parcels", "list").out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["1.23E+12"], "1.23E+12: not a waybill number"),
        (["RR000000006CN"], "check digit"),
        ([NUMBER, "--courier", "pigeons"], "--courier"),
        ([NUMBER, "--shipped-at", "last week"], "2026-11-03"),
        ([NUMBER, "--phone-tail", "13800000000"], "four digits"),
    ],
)
def test_a_parcel_that_cannot_be_is_refused_with_what_to_do(desk, tables, words, said):
    ran = aftersales("parcels", "add", *words)
    assert (ran.code, ran.out) == (2, "")
    assert said in ran.err
    assert tables.items("parcels") == []


def test_a_parcel_is_shown_with_scans_and_cases_and_without_phone_numbers(desk):
    aftersales("parcels", "add", NUMBER, "--courier", "圆通", "--order", "O1")
    scans = [
        TrackingEvent(NOW, "派件员 13800138000 派送中", Status.OUT_FOR_DELIVERY, place="杭州"),
        TrackingEvent(NOW - timedelta(hours=5), "已揽收", Status.PICKED_UP),
    ]
    parcel_table.record_scans(NUMBER, NUMBER, scans, NOW)
    case_id = open_case()

    shown = aftersales("parcels", "show", NUMBER.lower(), "--json").json
    assert list(shown) == ["parcel", "events", "cases"]
    assert [event["status"] for event in shown["events"]] == ["picked_up", "out_for_delivery"]
    assert [case["case_id"] for case in shown["cases"]] == [case_id]
    text = aftersales("parcels", "show", NUMBER)
    for out in (text.out, json.dumps(shown, ensure_ascii=False)):
        assert "13800138000" not in out
        assert "派送中" in out
        assert case_id in out

    missing = aftersales("parcels", "show", "YT9999999999999")
    assert missing.code == 2
    assert "parcels add" in missing.err


def test_an_import_counts_what_it_took_in_and_says_which_rows_it_refused(desk, tmp_path):
    file = tmp_path / "orders.csv"
    file.write_bytes(EXPORT.encode("gb18030"))
    ran = aftersales("import", file, "--shop", "tb1", "--json")
    assert (ran.code, ran.err) == (0, "")
    (result,) = ran.json
    assert list(result) == [
        *("file", "shop_id", "layout", "rows_read", "orders", "parcels", "rejected"),
        *("notes", "problem"),
    ]
    assert (result["rows_read"], result["parcels"]["added"]) == (2, 1)
    assert "row 3" in result["rejected"][0]["place"]
    assert result["rejected"][0]["reason"]
    assert parcel_table.current(NUMBER) is not None

    again = aftersales("import", file, file, "--shop", "tb1")
    assert again.code == 0
    assert "unchanged" in again.out
    assert "row 3" in again.out


def test_an_import_tells_how_far_it_is(desk):
    header, first, _ = EXPORT.splitlines()
    rows = [first.replace("2605170000001", f"26051700001{n:02}") for n in range(20)]
    told: list[tuple[int, int]] = []
    work = IntakeDesk(desk, Casebook(desk.alerts))
    content = "\n".join([header, *rows]).encode()
    import_file(content, "o.csv", "tb1", work, NOW, report=lambda *far: told.append(far))
    assert sorted(told) == [(n, 20) for n in range(1, 21)]


def test_an_import_of_which_nothing_is_usable_fails(desk, tmp_path):
    bad, good = tmp_path / "bad.csv", tmp_path / "good.csv"
    header, first, second = EXPORT.splitlines()
    bad.write_text(f"{header}\n{second}\n", "utf-8")
    good.write_text(f"{header}\n{first}\n", "utf-8")
    unreadable = tmp_path / "notes.csv"
    unreadable.write_text("a,b\n1,2\n", "utf-8")
    assert aftersales("import", unreadable, "--shop", "tb1", "--json").code == 1
    assert aftersales("import", unreadable, "--shop", "tb1", "--json").json[0]["problem"]
    assert aftersales("import", unreadable, good, "--shop", "tb1", "--json").code == 0
    ran = aftersales("import", tmp_path / "none.csv", "--shop", "tb1")
    assert (ran.code, ran.out) == (2, "")
    assert aftersales("import", good).code == 2  # whose export is it?
    rejected = aftersales("import", bad, "--shop", "tb1", "--json")
    assert rejected.json[0]["rejected"]


def test_cases_are_listed_shown_taken_and_closed(desk):
    case_id = open_case()
    listed = aftersales("cases", "list", "--json").json
    assert [case["case_id"] for case in listed] == [case_id]
    assert aftersales("cases", "list", "--shop", "x", "--json").json == []
    assert aftersales("cases", "list", "--kind", "lost", "--json").json == []
    assert case_id in aftersales("cases", "list").out

    taken = aftersales("cases", "acknowledge", case_id.lower(), "--as", "lin", "--json")
    assert (taken.code, taken.json["change"]) == (0, "acknowledged")
    assert taken.json["case"]["owner"] == "lin"
    late = aftersales("cases", "acknowledge", case_id, "--as", "wu")
    assert late.code == 1
    assert "by lin" in late.out

    # An alert's id, as a message shows it, names its case.
    closed = aftersales("cases", "resolve", f"{case_id}-1", "--how", "new parcel sent", "--json")
    assert (closed.code, closed.json["case"]["resolution"]) == (0, "new parcel sent")
    assert aftersales("cases", "resolve", case_id, "--how", "again").code == 1

    shown = aftersales("cases", "show", case_id, "--json").json
    assert [line["by"] for line in shown["history"]] == ["desk", "lin", "operator"]
    assert [alert["transition"] for alert in shown["alerts"]] == ["opened", "solved"]
    assert "new parcel sent" in aftersales("cases", "show", case_id).out

    missing = aftersales("cases", "show", "ZZZZZZZZ")
    assert missing.code == 2
    assert "cases list" in missing.err


def test_alerts_are_listed_by_what_became_of_them(desk):
    for number in range(3):
        open_case(number=f"YT000000000000{number}")
    waiting = sorted(outbox.pending(), key=lambda delivery: delivery.delivery_id)
    outbox.record_sent(waiting[0], NOW, "delivered 0 ok")
    outbox.record_failed(waiting[1], NOW, "bad_config 310000")

    def ids(*choice: str) -> set[str]:
        return {d["delivery_id"] for d in aftersales("alerts", "list", *choice, "--json").json}

    first, second, third = (delivery.delivery_id for delivery in waiting)
    assert ids() == {first, second, third}
    assert ids("--sent") == {first}
    assert ids("--failed") == {second}
    assert ids("--pending") == {third}
    assert ids("--sent", "--failed") == {first, second}
    one = aftersales("alerts", "list", "--limit", "1")
    assert "2 older ones" in one.out
    assert "bad_config" in aftersales("alerts", "list", "--failed").out


def test_pushed_settings_are_in_force_and_wrong_ones_change_nothing(tables, tmp_path):
    file = tmp_path / "desk.yaml"
    file.write_text("language: en\n", "utf-8")
    ran = aftersales("settings", "push", file, "--json")
    assert ran.json == {"file": str(file), "pushed": True, "where": f"the tables {tables.prefix}-…"}
    assert settings_table.load().language == "en"
    file.write_text("language: klingon\n", "utf-8")
    ran = aftersales("settings", "push", file)
    assert ran.code == 2
    assert "line 1" in ran.err
    assert settings_table.load().language == "en"


class Robot(BaseHTTPRequestHandler):
    """A chat robot on loopback: answers what `code` says, keeps what it was sent."""

    code = 0
    bodies: list[bytes]

    def do_POST(self) -> None:
        self.bodies.append(self.rfile.read(int(self.headers["content-length"])))
        answer = json.dumps({"errcode": self.code, "errmsg": "said by the robot"}).encode()
        self.send_response(200)
        self.send_header("content-length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_: object) -> None:
        """Silence."""


@pytest.fixture
def robot() -> Iterator[type[Robot]]:
    kind = type("OneRobot", (Robot,), {"bodies": []})
    server = ThreadingHTTPServer(("127.0.0.1", 0), kind)
    kind.url = f"http://127.0.0.1:{server.server_port}/robot/send?access_token=tok-5e1f00d"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield kind
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def with_robot(tables, robot) -> type[Robot]:
    target = Target(kind="wecom", url="env:ROBOT_URL")
    settings_table.push(Settings(alerts=Alerts(targets={"group": target})))
    return robot


def test_a_channel_test_goes_through_the_real_channel(with_robot):
    env = {"ROBOT_URL": with_robot.url}
    ran = aftersales("channels", "test", "group", "--json", env=env)
    assert (ran.code, ran.json["delivered"], ran.json["outcome"]) == (0, True, "delivered")
    assert "测试消息" in with_robot.bodies[0].decode()
    assert aftersales("channels", "test", "group", env=env).out.startswith("group: The target has")


def test_a_channel_that_refuses_fails_the_command_and_tells_no_secret(with_robot):
    with_robot.code = 93000
    env = {"ROBOT_URL": with_robot.url}
    for ran in (
        aftersales("channels", "test", "group", env=env),
        aftersales("channels", "test", "group", "--json", env=env),
    ):
        assert ran.code == 1
        assert "93000" in ran.out
        assert "tok-5e1f00d" not in ran.out + ran.err


def test_a_target_that_is_not_there_is_answered_with_those_that_are(with_robot):
    ran = aftersales("channels", "test", "grup")
    assert (ran.code, ran.out) == (2, "")
    assert "Known: group." in ran.err
    ran = aftersales("channels", "test", "group", env={"ROBOT_URL": None})
    assert ran.code == 2
    assert "ROBOT_URL" in ran.err


def test_a_target_can_be_tried_from_a_file_before_it_is_pushed(tables, robot, tmp_path: Path):
    file = tmp_path / "desk.yaml"
    file.write_text(
        "language: en\nalerts:\n  operators: [new]\n  targets:\n"
        "    new:\n      kind: wecom\n      url: env:ROBOT_URL\n"
    )
    env = {"ROBOT_URL": robot.url}
    assert aftersales("channels", "test", "new", "--settings", file, env=env).code == 0
    assert b"Test message" in robot.bodies[0]


def test_tables_that_are_not_there_are_said_plainly(tables):
    ran = aftersales("cases", "list", env={"TABLE_PREFIX": "nobody"})
    assert (ran.code, ran.out) == (2, "")
    assert "TABLE_PREFIX" in ran.err
