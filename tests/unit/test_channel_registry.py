"""From settings to channels, and which addresses are refused."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from aftersales.channels.addresses import is_public, require_public_https, resolve_host
from aftersales.channels.base import OutcomeKind
from aftersales.channels.registry import CHANNELS, build_channel
from aftersales.channels.webhook import Webhook
from aftersales.errors import Misconfigured, Unreachable
from aftersales.http import HttpReply
from aftersales.settings.model import Target
from tests.channel_samples import NOW, SIGNED, TOPIC, URLS, WEBHOOK_SECRET, Wire, message

WIRE = Wire(HttpReply(500))
ROOT = Path(__file__).parents[2]


def resolve(reference: str) -> str:
    kinds = {f"env:{kind.upper()}": url for kind, url in URLS.items()}
    known = {**kinds, "env:SECRET": "SECdemo0123456789", "env:WEBHOOK_SECRET": WEBHOOK_SECRET}
    return known[reference] + "\n"  # a secret pasted with its line end


@pytest.mark.parametrize("kind", list(URLS))
def test_a_target_becomes_its_channel_with_its_secrets(kind):
    secret = {"dingtalk": "env:SECRET", "feishu": "env:SECRET", "webhook": "env:WEBHOOK_SECRET"}
    target = Target(
        kind=kind,
        url=f"env:{kind.upper()}",
        sign_secret=secret.get(kind, ""),
        allow_private_address=True,
    )
    wire = Wire(HttpReply(500))
    channel = build_channel(target, resolve, wire)
    assert channel.kind == kind
    channel.send(message(), NOW)
    assert wire.requests[0].url.startswith(URLS[kind])
    signed = f"{wire.requests[0].url} {wire.requests[0].headers} {wire.requests[0].body!r}"
    assert ("sign" in signed) == (kind in SIGNED)


def test_a_topic_becomes_a_channel_in_its_own_region(monkeypatch):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    channel = build_channel(Target(kind="sns", topic_arn=TOPIC), resolve, WIRE)
    assert channel.kind == "sns"
    assert channel._client.meta.region_name == "ap-east-1"
    assert channel._client.meta.config.read_timeout == 5
    assert channel._client.meta.config.connect_timeout == 3


def test_an_unknown_kind_is_answered_with_the_known_ones():
    with pytest.raises(Misconfigured) as caught:
        build_channel(Target(kind="pager"), resolve, WIRE)
    assert "`pager`" in str(caught.value)
    assert all(kind in caught.value.what_to_do for kind in CHANNELS)


@pytest.mark.parametrize("kind", CHANNELS)
def test_a_missing_field_is_named(kind):
    with pytest.raises(Misconfigured) as caught:
        build_channel(Target(kind=kind), resolve, WIRE)
    assert ("`topic_arn`" if kind == "sns" else "`url`") in str(caught.value)


@pytest.mark.parametrize("topic", ["after-sales", TOPIC + ".fifo", TOPIC.replace("sns", "sqs")])
def test_a_topic_that_cannot_mail_is_refused(topic):
    with pytest.raises(Misconfigured, match="standard topic"):
        build_channel(Target(kind="sns", topic_arn=topic), resolve, WIRE)


@pytest.mark.parametrize(
    "url",
    [
        "https://",
        "https:///robot?tok-5e1f00d",
        "ftp://x.example/tok-5e1f00d",
        "http://x.example/tok-5e1f00d",
        "https://x.example/a b?tok-5e1f00d",
        "https://[x/tok-5e1f00d",
        "tok-5e1f00d",
    ],
)
@pytest.mark.parametrize("kind", ["dingtalk", "webhook"])
def test_an_address_that_cannot_be_right_is_refused_and_not_repeated(kind, url):
    with pytest.raises(Misconfigured) as caught:
        build_channel(Target(kind=kind, url="env:URL"), lambda _: url, WIRE)
    assert "tok-5e1f00d" not in str(caught.value)
    assert "`url`" in str(caught.value)


def test_a_robot_on_this_machine_may_speak_plain_http_but_a_webhook_must_be_allowed_to():
    url = "http://127.0.0.1:8090/robot/send?access_token=x"
    assert build_channel(Target(kind="dingtalk", url=url), resolve, WIRE).kind == "dingtalk"
    with pytest.raises(Misconfigured, match="allow_private_address"):
        build_channel(Target(kind="webhook", url=url), resolve, WIRE)
    allowed = Target(kind="webhook", url=url, allow_private_address=True)
    assert build_channel(allowed, resolve, WIRE).kind == "webhook"


def test_one_target_does_not_load_the_libraries_of_another():
    code = (
        "import sys; from aftersales.channels.registry import build_channel; "
        "from aftersales.settings.model import Target; "
        "build_channel(Target(kind='wecom', url='https://x.example/'), str, None); "
        "print([m for m in ('boto3', 'botocore', 'requests', 'aftersales.channels.feishu') "
        "if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT / "layers" / "shared",
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "[]"


# --- addresses


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "10.1.2.3",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "0.0.0.0",
        "224.0.0.1",
        "255.255.255.255",
        "240.0.0.1",
        "::1",
        "::",
        "fe80::1",
        "fe80::1%eth0",
        "fd00:ec2::254",
        "ff02::1",
        "::ffff:127.0.0.1",
        "::ffff:10.0.0.1",
        "2002:7f00:1::",
        "64:ff9b::a9fe:a9fe",
        "not an address",
    ],
)
def test_addresses_inside_are_refused(address):
    assert not is_public(address)
    with pytest.raises(Misconfigured, match="allow_private_address"):
        require_public_https("https://desk.example.com/x", lambda host: [address])


@pytest.mark.parametrize(
    "address", ["93.184.215.14", "2606:2800:21f:cb07::1", "64:ff9b::5db8:d70e", "::ffff:8.8.8.8"]
)
def test_addresses_outside_are_allowed(address):
    assert is_public(address)
    require_public_https("https://desk.example.com/x", lambda host: [address])


def test_one_private_address_among_public_ones_is_enough_to_refuse():
    with pytest.raises(Misconfigured, match="private network"):
        require_public_https("https://x.example/", lambda host: ["93.184.215.14", "10.0.0.1"])


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("http://desk.example.com/x", "https"),
        ("https://desk.example.com:8443/x", "port"),
        ("https://desk.example.com:99999/x", "valid"),
        ("https:///x", "host"),
        ("//desk.example.com", "https"),
    ],
)
def test_only_https_on_its_own_port_is_allowed(url, reason):
    with pytest.raises(Misconfigured, match=reason):
        require_public_https(url, lambda host: ["93.184.215.14"])


@pytest.mark.parametrize("host", ["127.0.0.1", "2130706433", "0x7f000001", "localhost", "[::1]"])
def test_every_way_of_writing_this_machine_is_refused(host):
    with pytest.raises((Misconfigured, Unreachable)):
        require_public_https(f"https://{host}/x")


def test_a_host_without_an_address_is_a_passing_trouble():
    with pytest.raises(Unreachable):
        resolve_host("a" * 70 + ".example")  # no name server is asked for such a label


def test_a_webhook_is_not_sent_inside_unless_that_is_meant():
    wire = Wire(HttpReply(204))
    url = "https://desk.example.com/hooks/tok-5e1f00d"

    def inside(host: str) -> list[str]:
        return ["169.254.169.254"]

    outcome = Webhook(Target(kind="webhook"), url, "", wire, inside).send(message(), NOW)
    assert outcome.kind is OutcomeKind.BAD_CONFIG
    assert "allow_private_address" in outcome.detail
    assert "tok-5e1f00d" not in outcome.detail
    assert wire.requests == []

    meant = Target(kind="webhook", allow_private_address=True)
    assert Webhook(meant, url, "", wire, inside).send(message(), NOW).delivered


def test_a_webhook_whose_host_cannot_be_resolved_is_tried_again():
    def unknown(host: str) -> list[str]:
        raise Unreachable("the host name could not be resolved")

    channel = Webhook(Target(kind="webhook"), URLS["webhook"], "", WIRE, unknown)
    assert channel.send(message(), NOW).kind is OutcomeKind.TRANSIENT
