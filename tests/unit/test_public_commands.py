"""`tracking parse`, `waybill identify`, `settings check`: exact JSON, exit codes, clean output."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from aftersales.couriers.registry import SOURCES
from aftersales.tracking import ErrorClass
from local.commands.parcels import STATUSES
from local.commands.tracking import SOURCES as OFFERED
from tests.command_line import aftersales

ROOT = Path(__file__).parents[2]
MAIN = "from local.cli import main; main()"
ASCII = {
    **os.environ,
    "PYTHONPATH": os.pathsep.join(map(str, (ROOT, ROOT / "functions", ROOT / "layers" / "shared"))),
    "PYTHONIOENCODING": "ascii",
}
REPLY_KEYS = [
    *("waybill_number", "courier", "status", "reason", "delivered_how"),
    *("event_count", "last_event_at", "events"),
]
TRACK17 = {
    "code": 0,
    "data": {
        "accepted": [
            {
                "number": "RR000000005CN",
                "carrier": 3011,
                "track_info": {
                    "latest_status": {"status": "Exception", "sub_status": "Exception_Returning"},
                    "tracking": {
                        "providers": [
                            {
                                "events": [
                                    {
                                        "time_utc": "2026-11-03T02:00:00Z",
                                        "description": "退回\u001b[31m中\ud800",
                                        "location": "Hangzhou",
                                        "stage": "Exception",
                                        "sub_status": "Exception_Returning",
                                    }
                                ]
                            }
                        ]
                    },
                },
            }
        ],
        "rejected": [
            {"number": "XX1", "error": {"code": -18019902, "message": "not registered"}},
        ],
    },
}


def parse(payload: bytes, source: str, kind: str = "query_reply", *more: str):
    call = ("tracking", "parse", "--source", source, "--kind", kind, "-", "--json", *more)
    return aftersales(*call, stdin=payload)


def test_every_source_and_status_is_offered():
    from aftersales.tracking import Status

    assert set(OFFERED) == set(SOURCES)
    assert set(STATUSES) == {status.value for status in Status}


def test_a_reply_is_a_list_with_one_entry_per_parcel_errors_among_them():
    ran = parse(json.dumps(TRACK17).encode(), "seventeentrack")
    assert (ran.code, ran.err) == (0, "")
    parcel, refused = ran.json
    assert list(parcel) == REPLY_KEYS
    assert parcel["waybill_number"] == "RR000000005CN"
    assert (parcel["status"], parcel["event_count"]) == ("returning", 1)
    assert parcel["last_event_at"] == "2026-11-03T02:00:00Z"
    assert parcel["events"][0]["text"].startswith("退回")
    assert refused["waybill_number"] == "XX1"
    assert list(refused["error"]) == ["class", "code", "message"]
    assert "退回" in ran.out


@pytest.mark.parametrize(
    ("source", "payload", "error_class"),
    [
        ("kuaidi100", {"result": False, "returnCode": "503", "message": "验证签名失败"}, "auth"),
        ("kuaidi100", {"result": False, "returnCode": "601", "message": "没有余量"}, "quota"),
        ("sf", {"apiResultCode": "A1006", "apiErrorMsg": "签名无效"}, "auth"),
        ("sf", {"apiResultCode": "A1099", "apiErrorMsg": "内部错误"}, "their_fault_retry"),
        ("aftership", {"meta": {"code": 429, "message": "too many"}, "data": {}}, "throttled"),
    ],
)
def test_an_error_of_the_whole_call_stands_alone_and_is_no_failure(source, payload, error_class):
    ran = parse(json.dumps(payload, ensure_ascii=False).encode(), source)
    assert ran.code == 0
    assert list(ran.json) == ["error"]
    assert ran.json["error"]["class"] == error_class
    assert error_class in {each.value for each in ErrorClass}


@pytest.mark.parametrize("source", OFFERED)
@pytest.mark.parametrize("payload", [b"", b"<html>", b"{", b"\xff\xfe", b"[" * 100_000])
def test_what_is_no_json_is_refused_on_standard_error(source, payload):
    ran = parse(payload, source)
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.startswith(f"aftersales: {source}")
    assert len(ran.err.splitlines()) == 1


def test_options_may_stand_anywhere_and_a_missing_file_is_named(tmp_path):
    file = tmp_path / "reply.json"
    file.write_bytes(b"\xef\xbb\xbf" + json.dumps(TRACK17).encode())
    orders = [
        ["--json", file, "--kind", "query_reply", "--source", "seventeentrack"],
        [file, "--source", "seventeentrack", "--json", "--kind", "query_reply"],
        ["--source=seventeentrack", file, "--json"],
    ]
    outputs = {aftersales("tracking", "parse", *order).out for order in orders}
    assert len(outputs) == 1
    ran = aftersales("tracking", "parse", "--source", "sf", tmp_path / "none.json")
    assert ran.code == 2
    assert "none.json: cannot be read" in ran.err
    assert aftersales("tracking", "parse", "--source", "pigeon", file).code == 2


def test_people_get_a_table_without_control_characters():
    ran = aftersales(
        *("tracking", "parse", "--source", "seventeentrack", "-"),
        stdin=json.dumps(TRACK17).encode(),
    )
    assert ran.code == 0
    assert "RR000000005CN" in ran.out
    assert "退回" in ran.out
    assert "\x1b" not in ran.out


def test_json_is_utf8_whatever_the_terminal_speaks():
    command = [sys.executable, "-c", MAIN, "waybill", "identify", "圆通１"]
    people = subprocess.run(command, env=ASCII, capture_output=True, check=True, timeout=60)
    assert b"??" in people.stdout
    machine = subprocess.run(
        [*command, "--json"], env=ASCII, capture_output=True, check=True, timeout=60
    )
    assert json.loads(machine.stdout.decode("utf-8"))[0]["number"] == "圆通１"


def test_identify_tells_form_check_digit_and_couriers():
    ran = aftersales(
        *("waybill", "identify", "YT0000000000001", " rr 000000005 cn", "RR000000006CN"),
        *("1.23E+12", "--json"),
    )
    assert ran.code == 0
    assert [list(one) for one in ran.json] == [["number", "normalised", "valid", "couriers"]] * 4
    yto, s10, wrong, damaged = ran.json
    assert (yto["valid"], yto["couriers"][0]) == (True, "yto")
    assert (s10["number"], s10["normalised"]) == (" rr 000000005 cn", "RR000000005CN")
    assert "s10" in s10["couriers"]
    assert (wrong["valid"], wrong["couriers"]) == (False, [])
    assert damaged["valid"] is False


def test_numbers_may_come_on_standard_input_and_begin_with_a_dash():
    stdin = "\ufeffYT0000000000001\r\n\r\n SF0000000000001 \n".encode()
    ran = aftersales("waybill", "identify", "--json", "-", "--", "-1Z", stdin=stdin)
    numbers = [one["number"] for one in ran.json]
    assert numbers == ["YT0000000000001", "SF0000000000001", "-1Z"]
    assert aftersales("waybill", "identify", "-", "--json", stdin=b"").json == []
    assert aftersales("waybill", "identify").code == 2


def test_settings_check_says_where_what_and_what_to_do(tmp_path):
    file = tmp_path / "desk.yaml"
    file.write_text("language: zh-CN\nlanguge: en\n", "utf-8")
    ran = aftersales("settings", "check", file, "--json")
    assert ran.code == 1
    assert list(ran.json) == ["file", "valid", "problems"]
    problem = ran.json["problems"][0]
    assert list(problem) == ["line", "column", "setting", "message", "what_to_do"]
    assert (ran.json["valid"], problem["line"], problem["column"]) == (False, 2, 1)
    text = aftersales("settings", "check", file)
    assert text.code == 1
    assert f"{file}: line 2, column 1" in text.out

    file.write_text("language: en\n", "utf-8")
    assert aftersales("settings", "check", file, "--json").json["problems"] == []
    assert aftersales("settings", "check", file).code == 0
    file.write_bytes(b"\xff\xfe")
    assert aftersales("settings", "check", file).code == 2


def test_the_example_settings_are_good():
    example = ROOT / "docs" / "settings.example.yaml"
    assert aftersales("settings", "check", example).code == 0


def test_help_imports_nothing_that_only_one_command_needs():
    code = (
        "import sys; from local.cli import aftersales\n"
        "try: aftersales(['--help'])\n"
        "except SystemExit: pass\n"
        "print([m for m in ('rich', 'boto3', 'botocore', 'pynamodb', 'yaml', 'requests',"
        " 'aftersales.tables') if m in sys.modules], file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], env=ASCII, capture_output=True, check=True, timeout=60
    )
    assert done.stderr.decode().strip() == "[]"
