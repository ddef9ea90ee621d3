"""`aftersales webhooks verify`: published vectors of every source, and each way to forge one."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote, urlencode

import pytest

from aftersales.couriers import kdniao, kuaidi100
from aftersales.couriers.registry import SOURCES
from aftersales.http import HttpReply
from aftersales.platforms.registry import PLATFORMS
from aftersales.webhooks import WEBHOOK_SOURCES
from local.webhook_check import NAMES
from tests.channel_samples import NOW, WEBHOOK_SECRET, Wire, http_channel, message
from tests.command_line import Ran, aftersales

SECRET = "AFTERSALES_TEST_SECRET"
KDNIAO_DATA = '{"OrderCode":"","ShipperCode":"YTO","LogisticCode":"YT0000000000001"}'
KUAIDI100_PARAM = '{"status":"polling","message":"运输中","lastResult":{"nu":"YT0000000000001"}}'
LARK = {"X-Lark-Request-Timestamp": "1700000000", "X-Lark-Request-Nonce": "n0nce"}


@dataclass(frozen=True)
class Case:
    """A valid webhook. `late` is how much older it may grow, None where it states no time."""

    source: str
    secret: str
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)
    sent: int = 1700000000
    late: int | None = None
    path: str = ""
    signs_body: bool = True


def _form(**fields: str) -> bytes:
    return urlencode(fields).encode()


# Vectors of the couriers and alert channels references; kuaidi100's is the formula, written out.
CASES = {
    "17TRACK": Case(
        "seventeentrack",
        "TESTTOKEN0001",
        b'{"event":"TRACKING_UPDATED","data":{"number":"RR000000005CN","carrier":3011,"tag":"o-1"}}',
        {"sign": "a71efb82b7cad070219c7367ccc60f2f145dc12cf7ae6ab0cfd94dd8714ba092"},
    ),
    "AfterShip": Case(
        "aftership",
        "whsec_test",
        b'{"ts":1751328000,"event":"tracking_update","msg":{"id":"a1","tag":"InTransit"}}',
        {"aftership-hmac-sha256": "lJWeFS/LE6/gbp1TNwchskJ01SX59vukRsdx29j8uE0="},
    ),
    "EasyPost": Case(
        "easypost",
        "sécret",
        b'{"id":"evt_T1","description":"tracker.updated"}',
        {
            "X-Hmac-Signature": "hmac-sha256-hex="
            "1a936f04014cd36a4679f4b2b360e3862ab3580645f289a9e0a9461e3d800ef0"
        },
    ),
    "Kuaidi100": Case(
        "kuaidi100",
        "made-up-salt",
        # md5 of param and salt, as `md5sum` gives it for these bytes.
        _form(sign="FFD86876519F0016049F24CDD92C481D", param=KUAIDI100_PARAM),
    ),
    "KDNiao": Case(
        "kdniao",
        "TESTAPPKEY-1",
        _form(
            RequestData=KDNIAO_DATA,
            DataSign="ZDk2N2NiMTA4ODMxMGNjMzE5YjM0MGFlNTMxMGFlNTU=",
        ),
    ),
    "SF": Case(
        "sf",
        "made-up-path-secret",
        b'{"Body":{"WaybillRoute":[]}}',
        path="/push/sf/made-up-path-secret",
        signs_body=False,
    ),
    "WooCommerce": Case(
        "woocommerce",
        "woo-secret",
        b'{"id":727,"status":"pending"}',
        {"X-WC-Webhook-Signature": "7n9O+7Nw+Nsce2ttvsZowzdE70He0dkrJB0rIrw7sTQ="},
    ),
    "TOP": Case(
        "taobao",
        "helloworld",
        b'{"a":1}',
        sent=1451620800,
        late=600,
        path="/shops/flagship?app_key=12345678&sign_method=md5&timestamp=2016-01-01+12%3A00%3A00"
        "&sign=66DEDB722D1F0E22932B85D47F4B1C2C",
    ),
    "G1": Case(
        "webhook",
        WEBHOOK_SECRET,
        b'{"test": 2432232314}',
        {
            "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
            "webhook-timestamp": "1614265330",
            "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
        },
        sent=1614265330,
        late=300,
    ),
    "S2": Case(
        "slack",
        "demo-signing-secret",
        b"payload=%7B%22type%22%3A%22block_actions%22%7D",
        {
            "X-Slack-Request-Timestamp": "1700000000",
            "X-Slack-Signature": (
                "v0=51b0c021cfcb344fb3c70fe636dd5fbc7e1b766a971c28de78a169411a754b42"
            ),
        },
        late=300,
    ),
    "F1": Case(
        "feishu",
        "demo-feishu-secret",
        b'{"timestamp":"1700000000","sign":"V3Wp8znUoP+7XezI+6p/Lp2Uyk2BLceZJJbP1KE87hk=",'
        b'"msg_type":"text"}',
        late=3600,
        signs_body=False,
    ),
    "F2": Case(
        "feishu",
        "demo-encrypt-key",
        b'{"encrypt":"abc"}',
        {
            **LARK,
            "X-Lark-Signature": "63edd678921cd2c5527f1bcdca6e4b763549e42282de60ce795ff90ba4a57ff0",
        },
        late=300,
    ),
    "F3": Case(
        "feishu_legacy",
        "demo-token",
        b'{"open_id":"ou_1"}',
        {**LARK, "X-Lark-Signature": "ee2a779d2657f7de1048e40ea7dbe1175ead9ce7"},
        late=300,
    ),
    "W1": Case(
        "wecom",
        "QDG6eK",
        b"P9nAzCzyDtyTWESHep1vC5X9xho/qYX3Zpb4yKa9SKld1DsH3Iyt3tP3zNdtp+4RPcs8TgAE7OaBO+FZXvnaqQ==",
        {
            "timestamp": "1409659589",
            "nonce": "263014780",
            "msg_signature": "5c45ff5e21c57e6ad56bac8758b79b1d9ac89fd3",
        },
        sent=1409659589,
        late=300,
    ),
    "T1": Case(
        "teams",
        "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=",
        b'{"type":"message","text":"ack"}',
        {"Authorization": "HMAC EAMzTjzA2hYrClWFTesnrQ0HFBQ7dhV0ZrccKgI+W4Y="},
    ),
    "D1": Case(
        "dingtalk",
        "SECdemo0123456789",
        b"{}",
        {"timestamp": "1700000000000", "sign": "ww0uYz9hgC//la1LzHCxhiH8ja6t5XU0VlJXBRQKVAA="},
        late=3600,
        signs_body=False,
    ),
}
every_case = pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())


@pytest.fixture
def verify(tmp_path: Path):
    def run(case: Case, *more: str, **changes) -> Ran:
        given = {
            name: changes.get(name, getattr(case, name)) for name in ("body", "headers", "secret")
        }
        (tmp_path / "body").write_bytes(given["body"])
        (tmp_path / "headers.json").write_text(json.dumps(given["headers"]), "utf-8")
        options = ["--headers", tmp_path / "headers.json", tmp_path / "body", "--json"]
        now = changes.get("now", case.sent)
        options += [] if now is None else ["--now", now]
        path = changes.get("path", case.path)
        options += ["--path", path] if path else []
        env = {SECRET: given["secret"]}
        return aftersales(
            *("webhooks", "verify", "--source", changes.get("source", case.source)),
            *("--secret-env", SECRET, *options, *more),
            env=env,
        )

    return run


def valid(ran: Ran) -> bool:
    assert ran.code == 0, ran.err
    assert ran.err == ""
    assert set(ran.json) == {"valid", "reason"}
    assert ran.json["reason"]
    return ran.json["valid"]


def test_every_signed_webhook_of_the_project_can_be_checked_and_has_a_vector():
    assert {case.source for case in CASES.values()} == set(NAMES)
    # A generic shop signs as our own webhook does, Tmall as Taobao.
    shops = set(PLATFORMS) - {"generic", "tmall"}
    assert set(NAMES) == {*SOURCES, *WEBHOOK_SOURCES, *shops}


@every_case
def test_the_vectors_are_valid(verify, case):
    assert valid(verify(case))


@every_case
def test_header_names_may_be_written_in_any_case_and_values_as_lists(verify, case):
    assert valid(verify(case, headers={n.upper(): v for n, v in case.headers.items()}))
    assert valid(verify(case, headers={n.lower(): [v] for n, v in case.headers.items()}))


@every_case
def test_a_wrong_secret_is_refused_and_not_repeated(verify, case):
    ran = verify(case, secret="d3Jvbmc=")
    assert not valid(ran)
    assert "d3Jvbmc=" not in ran.out
    assert case.secret not in ran.out


@every_case
def test_a_changed_truncated_or_re_encoded_body_is_refused(verify, case):
    if not case.signs_body:
        return
    changed = [
        case.body + b"\n",
        case.body[:-1],
        b"x" + case.body,
        b"",
        b"\xef\xbb\xbf" + case.body,
    ]
    if case.source in {"kuaidi100", "kdniao"}:
        changed[0] = case.body.replace(b"YT0000000000001", b"YT0000000000002")
    if case.source == "wecom":
        changed[0] = case.body[::-1]  # what it signs is the encrypted text, without white space
    if case.body.startswith(b"{"):
        changed.append(json.dumps(json.loads(case.body), indent=1).encode())
    for body in changed:
        assert not valid(verify(case, body=body)), body


@every_case
def test_without_its_headers_it_is_refused_naming_the_first(verify, case):
    for name in case.headers:
        left = {other: value for other, value in case.headers.items() if other != name}
        ran = verify(case, headers=left)
        assert not valid(ran)
        assert name.lower() in ran.json["reason"].lower()


@every_case
def test_an_old_one_is_refused_only_where_the_desk_refuses_it_too(verify, case):
    if case.late is None:
        assert valid(verify(case, now=case.sent + 10**7))
        assert valid(verify(case, now=None))
        return
    assert valid(verify(case, now=case.sent + case.late))
    ran = verify(case, now=case.sent + case.late + 1)
    assert not valid(ran)
    assert str(case.late) in ran.json["reason"]
    assert not valid(verify(case, now=None))


def test_a_kuaidi100_salt_may_be_empty_and_is_part_of_the_signature(verify):
    body = _form(sign=kuaidi100.callback_sign(KUAIDI100_PARAM, ""), param=KUAIDI100_PARAM)
    assert valid(verify(CASES["Kuaidi100"], body=body, secret=""))
    assert not valid(verify(CASES["Kuaidi100"], body=body, secret="salt"))
    sign, _, param = body.partition(b"&")
    assert valid(verify(CASES["Kuaidi100"], body=sign.lower() + b"&" + param, secret=""))


def test_a_form_field_that_stands_there_twice_is_refused(verify):
    case = CASES["KDNiao"]
    forged = quote('{"Data":[]}')
    assert not valid(verify(case, body=case.body + f"&RequestData={forged}".encode()))
    sign = kdniao.data_sign(KDNIAO_DATA, "another-key")
    assert not valid(verify(case, body=_form(RequestData=KDNIAO_DATA, DataSign=sign)))


def test_the_first_push_of_a_new_woocommerce_webhook_is_valid_without_a_signature(verify):
    form = {"content-type": "application/x-www-form-urlencoded"}
    case = CASES["WooCommerce"]
    assert valid(verify(case, headers=form, body=b"webhook_id=142"))
    assert not valid(verify(case, headers=form, body=b"webhook_id=142&x=1"))


def test_a_call_of_top_with_another_query_is_refused(verify):
    case = CASES["TOP"]
    assert not valid(verify(case, path=case.path.replace("12345678", "12345679")))
    assert not valid(verify(case, path="/shops/flagship"))


def test_sf_is_let_in_by_its_path_alone(verify):
    case = CASES["SF"]
    assert not valid(verify(case, path="/push/sf/guess"))
    assert not valid(verify(case, path=""))
    assert valid(verify(case, path="/push/sf/made-up-path-secret/?x=1"))


def test_a_dingtalk_signature_copied_out_of_an_address_is_understood(verify):
    case = CASES["D1"]
    encoded = {**case.headers, "sign": "ww0uYz9hgC%2F%2Fla1LzHCxhiH8ja6t5XU0VlJXBRQKVAA%3D"}
    assert valid(verify(case, headers=encoded))


def test_what_our_webhook_channel_sends_is_valid_under_both_its_names(verify):
    wire = Wire(HttpReply(204))
    http_channel("webhook", wire).send(message(), NOW)
    sent = wire.requests[0]
    case = Case("webhook", WEBHOOK_SECRET, sent.body, dict(sent.headers), int(NOW.timestamp()))
    assert valid(verify(case))
    assert valid(verify(case, source="standard"))


def test_a_push_that_is_too_large_is_refused(verify):
    assert not valid(verify(CASES["17TRACK"], body=b"x" * (1024 * 1024 + 1)))


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"source": "pager"}, "seventeentrack"),
        ({"now": "yesterday"}, "--now"),
        ({"now": "nan"}, "--now"),
        ({"now": "1e40"}, "--now"),
        ({"secret": ""}, SECRET),
        ({"headers": ["sign"]}, "JSON object"),
        ({"headers": {"sign": {"a": 1}}}, "sign"),
    ],
)
def test_a_wrong_call_is_said_on_standard_error_with_exit_code_2(verify, changes, said):
    ran = verify(CASES["17TRACK"], **changes)
    assert (ran.code, ran.out) == (2, "")
    assert said in ran.err


def test_a_missing_variable_and_missing_files_are_named(tmp_path):
    call = ("webhooks", "verify", "--source", "slack", "--secret-env", SECRET)
    ran = aftersales(*call, tmp_path / "none", env={SECRET: "x"})
    assert ran.code == 2
    assert "none" in ran.err
    (tmp_path / "body").write_bytes(b"")
    ran = aftersales(*call, tmp_path / "body", env={SECRET: None})
    assert ran.code == 2
    assert SECRET in ran.err
    ran = aftersales(*call, tmp_path / "body", "--headers", tmp_path / "body", env={SECRET: "x"})
    assert ran.code == 2
    assert "not JSON" in ran.err


def test_a_body_may_come_on_standard_input_and_the_verdict_be_read_by_people(tmp_path):
    case = CASES["17TRACK"]
    headers = tmp_path / "h.json"
    headers.write_text(json.dumps(case.headers), "utf-8")
    call = ("webhooks", "verify", "-", "--source", "17track", "--secret-env", SECRET)
    call = (*call, "--headers", headers)
    env = {SECRET: case.secret}
    assert aftersales(*call, stdin=case.body, env=env).out == "Valid: the signature fits.\n"
    assert aftersales(*call, stdin=case.body + b"\n", env=env).out.startswith("Refused: the signat")
