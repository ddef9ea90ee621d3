"""The desk reads botocore's service models its own way, and works as with botocore's."""

import ast
import copy
import gzip
import json
import pickle
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, get_args

import pytest
from botocore.awsrequest import AWSResponse
from botocore.config import Config
from botocore.exceptions import DataNotFoundError, UnknownServiceError
from botocore.handlers import BUILTIN_HANDLERS
from botocore.loaders import Loader
from botocore.session import Session

from aftersales import aws
from aftersales.service_models import LARGE, ServiceModels, Unread

ROOT = Path(__file__).resolve().parents[2]
SERVICES = (*get_args(aws.Service), "sts", "sso", "sso-oidc", "signin")
REGIONS = (
    "us-east-1", "eu-central-1", "ap-southeast-1", "me-central-1", "cn-north-1", "cn-northwest-1",
    "us-gov-west-1", "us-iso-east-1", "eusc-de-east-1", "xx-nowhere-9",
)  # fmt: skip
CALLS: dict[str, tuple[str, dict[str, Any]]] = {
    "dynamodb": ("get_item", {"TableName": "orders", "Key": {"k": {"S": "1"}}}),
    "s3": ("get_object", {"Bucket": "drops", "Key": "inbox/tb1/发货 1.csv"}),
    "secretsmanager": ("get_secret_value", {"SecretId": "shop"}),
    "sns": ("publish", {"Message": "hello", "PhoneNumber": "+10000000000"}),
    "sqs": ("send_message", {"QueueUrl": "https://queue.example.com/1/q", "MessageBody": "b"}),
    "ssm": ("get_parameter", {"Name": "/shop/key"}),
}


@pytest.fixture(autouse=True)
def _credentials(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "made-up")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    aws.forget()
    yield
    aws.forget()


def _plain(value: Any) -> Any:
    """All that a value holds, as plain dictionaries and lists."""
    if isinstance(value, dict):
        return {key: _plain(value[key]) for key in value}
    return [_plain(entry) for entry in value] if isinstance(value, list) else value


@pytest.mark.parametrize("service", SERVICES)
@pytest.mark.parametrize("kind", ["service-2", "endpoint-rule-set-1"])
def test_a_service_model_is_read_as_botocore_reads_it(service: str, kind: str) -> None:
    ours = ServiceModels().load_service_model(service, kind)
    assert _plain(ours) == _plain(Loader().load_service_model(service, kind))


@pytest.mark.parametrize("name", ["endpoints", "partitions", "_retry", "sdk-default-configuration"])
def test_what_holds_for_all_services_is_read_as_botocore_reads_it(name: str) -> None:
    assert _plain(ServiceModels().load_data(name)) == _plain(Loader().load_data(name))


def test_a_service_that_does_not_exist_is_refused_by_its_name() -> None:
    with pytest.raises(UnknownServiceError, match="carrier_pigeon"):
        ServiceModels().load_service_model("carrier_pigeon", "service-2")


def test_a_file_that_does_not_exist_is_named() -> None:
    with pytest.raises(DataNotFoundError, match="no-such-data"):
        ServiceModels().load_data("no-such-data")


@pytest.mark.parametrize(
    "content",
    [
        {"version": 1, "shapes": {"A": {"type": "string"}}, "operations": {}},
        {"version": "2.0", "operations": {"Get": {"n": 1.5, "none": None, "long": "x" * LARGE}}},
        {"shapes": {"Large": {f"m{n}": {"shape": "A", "of": [n]} for n in range(LARGE // 10)}}},
        {"shapes": ["a list", "of texts"], "version": True},
        [1, 2, {"a": "b"}],
        {},
    ],
)
@pytest.mark.parametrize("packed", [True, False])
def test_a_model_of_any_layout_is_read_whole(content: Any, packed: bool, tmp_path: Path) -> None:
    written = json.dumps(content).encode()
    name = "service-2.json.gz" if packed else "service-2.json"
    (tmp_path / name).write_bytes(gzip.compress(written) if packed else written)
    read = ServiceModels().file_loader.load_file(str(tmp_path / "service-2"))
    assert _plain(read) == content


def _shapes() -> Any:
    shapes = ServiceModels().load_service_model("sqs", "service-2")["shapes"]
    assert isinstance(shapes, Unread), "else nothing is tried here"
    return shapes


def _added(found: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    found.update(other)
    return found


@pytest.mark.parametrize(
    "look",
    [
        lambda found: {key: found[key] for key in found},
        lambda found: {key: found.get(key) for key in found.keys()},  # noqa: SIM118
        lambda found: {key: found.pop(key) for key in list(found)},
        lambda found: {key: found.setdefault(key, "absent") for key in found},
        lambda found: dict(found.popitem() for _ in range(len(found))),
        lambda found: dict(found.items()),
        lambda found: dict(zip(found, found.values(), strict=True)),
        lambda found: found.copy(),
        dict,
        lambda found: {**found},
        lambda found: found | {},
        lambda found: {} | found,
        lambda found: _added({}, found),
        copy.copy,
        copy.deepcopy,
        lambda found: json.loads(json.dumps(found)),
        lambda found: pickle.loads(pickle.dumps(found)),
    ],
)
def test_nobody_who_looks_into_a_model_meets_what_is_unread(
    look: Callable[[dict[str, Any]], dict[str, Any]],
) -> None:
    expected = _plain(Loader().load_service_model("sqs", "service-2")["shapes"])
    assert _plain(look(_shapes())) == expected
    assert _shapes() == expected
    assert expected == _shapes()


def test_what_is_not_in_a_model_is_missing_as_in_any_dictionary() -> None:
    shapes = _shapes()
    assert shapes.get("Pigeon") is None
    assert shapes.setdefault("Pigeon", {"type": "bird"}) == {"type": "bird"} == shapes["Pigeon"]
    assert shapes.pop("Dove", "none") == "none"
    with pytest.raises(KeyError, match="Dove"):
        shapes["Dove"]


def _request(session: Session, service: str, region: str, **given: Any) -> tuple[Any, ...]:
    """(method, URL, the scope it is signed for, body, headers) of one call, or what refuses it."""
    sent: list[tuple[Any, ...]] = []

    def answer(request: Any, **_: Any) -> AWSResponse:
        headers = {k.lower(): v for k, v in request.headers.items()}
        scope = str(headers.pop("authorization")).split("Signature=")[0].split("/", 2)[-1]
        for other in ("x-amz-date", "amz-sdk-invocation-id", "user-agent"):
            headers.pop(other, None)  # of the moment, and of who asks
        sent.append((request.method, request.url, scope, request.body, headers))
        return AWSResponse(request.url, 503, {}, None)

    operation, parameters = CALLS[service]
    config = Config(retries={"total_max_attempts": 1})
    try:
        client = session.create_client(service, region_name=region, config=config)
        client.meta.events.register("before-send", answer)
        getattr(client, operation)(**{**parameters, **given})
    except Exception as exc:  # noqa: BLE001 - whatever it is, it must be the same on both sides
        if not sent:
            return type(exc).__name__, str(exc)
    return sent[0]


@pytest.mark.parametrize("region", REGIONS)
@pytest.mark.parametrize("service", CALLS)
def test_a_call_goes_where_botocore_would_send_it(service: str, region: str) -> None:
    expected = _request(Session(), service, region)
    assert _request(aws.session(), service, region) == expected
    assert expected[0] in ("GET", "POST"), "a request, no refusal"
    assert region in str(expected)


@pytest.mark.parametrize("region", ["us-east-1", "eu-central-1", "cn-north-1"])
@pytest.mark.parametrize(
    "bucket",
    [
        "drops.example.com",
        "Old_Bucket",
        "arn:aws:s3:us-east-1:123456789012:accesspoint/drops",
        "arn:aws-cn:s3:cn-north-1:123456789012:accesspoint/drops",
        "no such bucket",
    ],
)
def test_a_bucket_of_any_name_is_found_where_botocore_finds_it(bucket: str, region: str) -> None:
    expected = _request(Session(), "s3", region, Bucket=bucket)
    assert _request(aws.session(), "s3", region, Bucket=bucket) == expected


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("AWS_ENDPOINT_URL_S3", "http://127.0.0.1:9000"),
        ("AWS_ENDPOINT_URL", "http://127.0.0.1:9000"),
        ("AWS_USE_FIPS_ENDPOINT", "true"),
        ("AWS_USE_DUALSTACK_ENDPOINT", "true"),
    ],
)
def test_the_environment_says_where_a_bucket_is_as_it_does_to_botocore(
    name: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = _request(aws.session(), "s3", "us-east-1")
    monkeypatch.setenv(name, value)
    aws.forget()
    expected = _request(Session(), "s3", "us-east-1")
    assert _request(aws.session(), "s3", "us-east-1") == expected != before


def test_what_botocore_does_for_a_service_it_does_for_the_desk() -> None:
    known = [entry[1] for entry in BUILTIN_HANDLERS]

    def handlers(session: Session, event: str) -> list[Any]:
        emitter: Any = session.get_component("event_emitter")
        found = emitter._emitter._handlers.prefix_search(emitter._alias_event_name(event))
        # Packages may add some of their own to every session.
        return [handler for handler in found if handler in known]

    theirs, ours = Session(), aws.session()
    kinds = {entry[0].split(".")[0] for entry in BUILTIN_HANDLERS} - {"docs"}
    tried = 0
    for service in SERVICES:
        model = Loader().load_service_model(service, "service-2")
        names = [service, model["metadata"]["serviceId"].lower().replace(" ", "-")]
        for kind in kinds:
            for name in dict.fromkeys(names):
                for event in (
                    kind,
                    f"{kind}.{name}",
                    *(f"{kind}.{name}.{o}" for o in model["operations"]),
                ):
                    expected = handlers(theirs, event)
                    assert handlers(ours, event) == expected, event
                    tried += bool(expected)
    assert tried > 1000


def test_only_services_whose_handlers_are_registered_are_called() -> None:
    called = set()
    for room in ("functions", "layers/shared/aftersales"):
        for path in (ROOT / room).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text("utf-8"))):
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                    named = node.args[0] if node.args else None
                    if node.func.attr == "create_client" and isinstance(named, ast.Constant):
                        called.add(named.value)
    assert called
    assert called <= set(get_args(aws.Service))


def test_the_one_session_reads_its_models_this_way(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_REGION", "cn-north-1")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "cn-north-1")
    assert isinstance(aws.session().get_component("data_loader"), ServiceModels)
    assert aws.client("sqs").meta.endpoint_url == "https://sqs.cn-north-1.amazonaws.com.cn"
