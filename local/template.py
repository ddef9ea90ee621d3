"""What the runner needs of template.yaml, as typed views.

Tables, queues and buckets bear their resolved names; functions know what triggers them. An event
type that the runner does not know is refused, so that no function is silently never called.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aftersales.errors import Misconfigured
from local.cloudformation import Resolver, read

ROOT = Path(__file__).resolve().parent.parent
TEMPLATE = ROOT / "template.yaml"
DEFAULT_PREFIX = "aftersales"
SCHEDULED_TIME = "<aws.scheduler.scheduled-time>"


@dataclass(frozen=True, slots=True)
class Table:
    """A table. `definition` holds the arguments of CreateTable; `ttl_attribute` may be ""."""

    logical_id: str
    name: str
    definition: Mapping[str, Any]
    ttl_attribute: str = ""

    @property
    def has_stream(self) -> bool:
        return "StreamSpecification" in self.definition


@dataclass(frozen=True, slots=True)
class Queue:
    """A queue. `dead_letters` names the queue that takes a message after `max_receives`; or ""."""

    logical_id: str
    name: str
    visibility_seconds: int = 30
    delay_seconds: int = 0
    dead_letters: str = ""
    max_receives: int = 0


@dataclass(frozen=True, slots=True)
class ScheduleTrigger:
    """A ScheduleV2 event. `input` is its JSON text."""

    name: str
    expression: str
    zone: str
    input: str


@dataclass(frozen=True, slots=True)
class QueueTrigger:
    """An SQS event: `queue` is a queue's name."""

    queue: str
    batch_size: int
    partial_batches: bool


@dataclass(frozen=True, slots=True)
class StreamTrigger:
    """A DynamoDB event: `table` is a table's name; `retries` None: until the record is too old."""

    table: str
    batch_size: int
    partial_batches: bool
    retries: int | None
    patterns: tuple[Mapping[str, Any], ...] = ()


@dataclass(frozen=True, slots=True)
class DropTrigger:
    """An S3 event for created objects below `prefix` whose key ends with `suffix`."""

    bucket: str
    prefix: str = ""
    suffix: str = ""


@dataclass(frozen=True, slots=True)
class RouteTrigger:
    """A route of the HTTP API: `POST`, `/push/{source}`; `ANY` and `$default` fit all."""

    method: str
    path: str


@dataclass(frozen=True, slots=True)
class Function:
    """One function and its triggers. `retries` and `on_failure` (a queue's name) are those of
    asynchronous calls."""

    logical_id: str
    handler: str
    timeout_seconds: int
    memory_mb: int
    environment: Mapping[str, str]
    retries: int = 2
    on_failure: str = ""
    schedules: tuple[ScheduleTrigger, ...] = ()
    queues: tuple[QueueTrigger, ...] = ()
    streams: tuple[StreamTrigger, ...] = ()
    drops: tuple[DropTrigger, ...] = ()
    routes: tuple[RouteTrigger, ...] = ()

    @property
    def package(self) -> str:
        """The folder of functions/ that it lives in, such as `parcel_tracker`."""
        return self.handler.partition(".")[0]


@dataclass(frozen=True, slots=True)
class Template:
    """The parts of a template that one machine runs."""

    tables: tuple[Table, ...] = ()
    queues: tuple[Queue, ...] = ()
    buckets: tuple[str, ...] = ()
    functions: tuple[Function, ...] = ()

    def function(self, logical_id: str) -> Function:
        """The function of that logical id. Raises `Misconfigured` naming those there are."""
        for function in self.functions:
            if function.logical_id == logical_id:
                return function
        known = ", ".join(function.logical_id for function in self.functions)
        raise Misconfigured(f"There is no function {logical_id}.", what_to_do=f"Known: {known}.")


def load(
    path: Path = TEMPLATE,
    *,
    prefix: str = DEFAULT_PREFIX,
    parameters: Mapping[str, str] | None = None,
    queue_base_url: str = "http://127.0.0.1",
) -> Template:
    """Read a template. `prefix` is the stack's name, and the parameter `TablePrefix` if there is.

    Raises `Misconfigured` with the logical id of what cannot be understood.
    """
    raw = read(path)
    parameters = {"TablePrefix": prefix, **(parameters or {})}
    resolver = Resolver(raw, stack=prefix, parameters=parameters, queue_base_url=queue_base_url)
    return _Reader(raw, resolver).template()


@dataclass
class _Reader:
    raw: Mapping[str, Any]
    resolver: Resolver
    routes: dict[str, list[RouteTrigger]] = field(default_factory=dict)

    def template(self) -> Template:
        self._collect_routes()
        return Template(
            tables=tuple(self._table(*item) for item in self._all("AWS::DynamoDB::Table")),
            queues=tuple(self._queue(*item) for item in self._all("AWS::SQS::Queue")),
            buckets=tuple(
                self.resolver.resolve({"Ref": name}) for name, _ in self._all("AWS::S3::Bucket")
            ),
            functions=tuple(
                self._function(*item) for item in self._all("AWS::Serverless::Function")
            ),
        )

    def _all(self, kind: str) -> list[tuple[str, dict[str, Any]]]:
        return [
            (name, resource.get("Properties") or {})
            for name, resource in self.raw["Resources"].items()
            if resource.get("Type") == kind and self._wanted(resource)
        ]

    def _wanted(self, resource: Mapping[str, Any]) -> bool:
        condition = resource.get("Condition")
        return condition is None or self.resolver.condition(condition)

    def _table(self, logical_id: str, properties: dict[str, Any]) -> Table:
        resolved = self.resolver.resolve(properties)
        definition: dict[str, Any] = {
            "TableName": self.resolver.resolve({"Ref": logical_id}),
            "KeySchema": resolved["KeySchema"],
            "AttributeDefinitions": resolved["AttributeDefinitions"],
            "BillingMode": "PAY_PER_REQUEST",
        }
        if indexes := resolved.get("GlobalSecondaryIndexes"):
            kept = ("IndexName", "KeySchema", "Projection")
            definition["GlobalSecondaryIndexes"] = [
                {name: index[name] for name in kept} for index in indexes
            ]
        if stream := resolved.get("StreamSpecification"):
            definition["StreamSpecification"] = {
                "StreamEnabled": True,
                "StreamViewType": stream["StreamViewType"],
            }
        ttl = resolved.get("TimeToLiveSpecification") or {}
        return Table(
            logical_id=logical_id,
            name=definition["TableName"],
            definition=definition,
            ttl_attribute=ttl.get("AttributeName", "") if ttl.get("Enabled") else "",
        )

    def _queue(self, logical_id: str, properties: dict[str, Any]) -> Queue:
        resolved = self.resolver.resolve(properties)
        redrive = resolved.get("RedrivePolicy") or {}
        if isinstance(redrive, str):
            redrive = json.loads(redrive)
        return Queue(
            logical_id=logical_id,
            name=self.resolver.resolve({"Fn::GetAtt": [logical_id, "QueueName"]}),
            visibility_seconds=int(resolved.get("VisibilityTimeout", 30)),
            delay_seconds=int(resolved.get("DelaySeconds", 0)),
            dead_letters=str(redrive.get("deadLetterTargetArn", "")).rpartition(":")[2],
            max_receives=int(redrive.get("maxReceiveCount", 0)),
        )

    def _function(self, logical_id: str, properties: dict[str, Any]) -> Function:
        shared = (self.raw.get("Globals") or {}).get("Function") or {}
        variables = {
            **((shared.get("Environment") or {}).get("Variables") or {}),
            **((properties.get("Environment") or {}).get("Variables") or {}),
        }
        invoke = self.resolver.resolve(
            properties.get("EventInvokeConfig") or shared.get("EventInvokeConfig") or {}
        )
        failure = (invoke.get("DestinationConfig") or {}).get("OnFailure") or {}
        dead_letters = self.resolver.resolve(properties.get("DeadLetterQueue") or {})
        target = str(failure.get("Destination") or dead_letters.get("TargetArn") or "")
        triggers: dict[str, list[Any]] = {"schedules": [], "queues": [], "streams": [], "drops": []}
        for name, event in (properties.get("Events") or {}).items():
            try:
                self._trigger(logical_id, name, event, triggers)
            except KeyError as exc:
                raise Misconfigured(f"{logical_id}, event {name}: {exc} is missing.") from exc
        return Function(
            logical_id=logical_id,
            handler=str(self.resolver.resolve(properties.get("Handler") or shared["Handler"])),
            timeout_seconds=int(properties.get("Timeout", shared.get("Timeout", 3))),
            memory_mb=int(properties.get("MemorySize", shared.get("MemorySize", 128))),
            environment={k: _as_text(v) for k, v in self.resolver.resolve(variables).items()},
            retries=int(invoke.get("MaximumRetryAttempts", 2)),
            on_failure=target.rpartition(":")[2] if ":sqs:" in target else "",
            routes=tuple(self.routes.get(logical_id, ())),
            **{kind: tuple(found) for kind, found in triggers.items()},
        )

    def _trigger(
        self, logical_id: str, name: str, event: Any, triggers: dict[str, list[Any]]
    ) -> None:
        event = self.resolver.resolve(event)
        kind, given = event["Type"], event.get("Properties") or {}
        if given.get("Enabled") is False or given.get("State") == "DISABLED":
            return
        partial = "ReportBatchItemFailures" in given.get("FunctionResponseTypes", ())
        match kind:
            case "ScheduleV2":
                triggers["schedules"].append(
                    ScheduleTrigger(
                        name=f"{logical_id}{name}",
                        expression=str(given["ScheduleExpression"]),
                        zone=str(given.get("ScheduleExpressionTimezone", "UTC")),
                        input=str(given.get("Input", "{}")),
                    )
                )
            case "SQS":
                queue = str(given["Queue"]).rpartition(":")[2]
                triggers["queues"].append(
                    QueueTrigger(queue, int(given.get("BatchSize", 10)), partial)
                )
            case "DynamoDB":
                retries = given.get("MaximumRetryAttempts")
                filters = (given.get("FilterCriteria") or {}).get("Filters") or ()
                triggers["streams"].append(
                    StreamTrigger(
                        table=_table_of_stream(str(given["Stream"])),
                        batch_size=int(given.get("BatchSize", 100)),
                        partial_batches=partial,
                        retries=None if retries in (None, -1) else int(retries),
                        patterns=tuple(json.loads(part["Pattern"]) for part in filters),
                    )
                )
            case "S3":
                rules = ((given.get("Filter") or {}).get("S3Key") or {}).get("Rules") or ()
                names = {str(rule["Name"]).lower(): str(rule["Value"]) for rule in rules}
                triggers["drops"].append(
                    DropTrigger(
                        str(given["Bucket"]), names.get("prefix", ""), names.get("suffix", "")
                    )
                )
            case _:
                raise Misconfigured(
                    f"{logical_id}, event {name}: the one-machine runner does not know events of "
                    f"type {kind}."
                )

    def _collect_routes(self) -> None:
        integrations = dict(self._all("AWS::ApiGatewayV2::Integration"))
        for name, properties in self._all("AWS::ApiGatewayV2::Route"):
            target = str(self.resolver.resolve(properties["Target"])).rpartition("/")[2]
            if target not in integrations:
                raise Misconfigured(f"Route {name} has no integration {target}.")
            uri = str(self.resolver.resolve(integrations[target]["IntegrationUri"]))
            match = re.search(r":function:(\w+)", uri)
            if not match:
                raise Misconfigured(f"Integration {target} does not point to a function.")
            method, _, path = str(self.resolver.resolve(properties["RouteKey"])).partition(" ")
            route = RouteTrigger("ANY", "$default") if not path else RouteTrigger(method, path)
            self.routes.setdefault(match[1], []).append(route)


def _table_of_stream(arn: str) -> str:
    match = re.search(r":table/([^/]+)/stream/", arn)
    if not match:
        raise Misconfigured(f"{arn} is not the stream of a table of this template.")
    return match[1]


def _as_text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
