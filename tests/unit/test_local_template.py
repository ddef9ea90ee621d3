"""The views of a template: what the runner will call, and when."""

from __future__ import annotations

from pathlib import Path

import pytest

from aftersales.errors import Misconfigured
from local.template import (
    DropTrigger,
    Queue,
    QueueTrigger,
    RouteTrigger,
    ScheduleTrigger,
    StreamTrigger,
    Template,
    load,
)

DESK = Path(__file__).parents[1] / "fixtures" / "desk.yaml"


@pytest.fixture(scope="module")
def desk() -> Template:
    return load(DESK, prefix="shop", queue_base_url="http://127.0.0.1:4100")


def test_tables_bear_the_prefix_and_their_indexes(desk: Template) -> None:
    orders, outbox = desk.tables
    assert (orders.name, orders.ttl_attribute, orders.has_stream) == (
        "shop-orders",
        "expires_at",
        False,
    )
    assert outbox.name == "shop-outbox"
    assert outbox.ttl_attribute == ""
    assert outbox.definition["StreamSpecification"] == {
        "StreamEnabled": True,
        "StreamViewType": "NEW_IMAGE",
    }
    assert [index["IndexName"] for index in outbox.definition["GlobalSecondaryIndexes"]] == [
        "pending"
    ]


def test_queues_know_their_dead_letter_queue(desk: Template) -> None:
    assert desk.queues == (
        Queue("SweepQueue", "shop-SweepQueue", 180, 0, "shop-dead-letters", 3),
        Queue("Undeliverable", "shop-dead-letters"),
    )


def test_a_bucket_has_its_resolved_name(desk: Template) -> None:
    assert desk.buckets == ("shop-drop-000000000000",)


def test_a_schedule_has_expression_zone_and_input_and_a_disabled_one_is_left_out(
    desk: Template,
) -> None:
    plan = desk.function("Plan")
    assert plan.schedules == (
        ScheduleTrigger(
            name="PlanEvery",
            expression="rate(1 minutes)",
            zone="Asia/Shanghai",
            input='{"scheduled_time":"<aws.scheduler.scheduled-time>"}',
        ),
    )
    assert (plan.timeout_seconds, plan.memory_mb, plan.retries) == (60, 256, 1)
    assert plan.on_failure == "shop-dead-letters"
    assert plan.package == "desk_fixture"


def test_environments_merge_the_globals_and_leave_out_what_has_no_value(desk: Template) -> None:
    assert desk.function("Plan").environment == {
        "TABLE_PREFIX": "shop",
        "LOG_LEVEL": "INFO",
        "SWEEP_QUEUE_URL": "http://127.0.0.1:4100/000000000000/shop-SweepQueue",
    }


def test_a_parameter_that_is_given_replaces_its_default() -> None:
    given = load(DESK, parameters={"AlarmTopic": "arn:of:topic", "SweepMinutes": "5"})
    assert given.function("Plan").environment["ALARMS"] == "arn:of:topic"
    assert given.function("Plan").schedules[0].expression == "rate(5 minutes)"


def test_queue_stream_and_drop_events_are_read(desk: Template) -> None:
    assert desk.function("Sweep").queues == (QueueTrigger("shop-SweepQueue", 2, True),)
    assert desk.function("Deliver").streams == (
        StreamTrigger("shop-outbox", 10, True, 2, ({"eventName": ["INSERT"]},)),
    )
    assert desk.function("Files").drops == (DropTrigger("shop-drop-000000000000", "inbox/"),)


def test_routes_lead_to_their_function(desk: Template) -> None:
    assert desk.function("Push").routes == (
        RouteTrigger("POST", "/push/{source}"),
        RouteTrigger("POST", "/push/{source}/{secret}"),
    )


def test_an_unknown_function_is_answered_with_the_known_ones(desk: Template) -> None:
    with pytest.raises(Misconfigured, match="Known: Plan, Sweep, Deliver, Files, Push"):
        desk.function("plan")


FUNCTION = """
Resources:
  F:
    Type: AWS::Serverless::Function
    Properties:
      Handler: f.handler
      Events:
        E: {event}
"""


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("a: [", "not valid YAML"),
        ("a: 1", "no Resources"),
        (FUNCTION.format(event="{Type: Kinesis}"), "events of type Kinesis"),
        (FUNCTION.format(event="{Type: ScheduleV2}"), "'ScheduleExpression' is missing"),
        (
            FUNCTION.format(event="{Type: SQS, Properties: {Queue: !GetAtt Nowhere.Arn}}"),
            "refers to Nowhere",
        ),
        (
            FUNCTION.format(event="{Type: SQS, Properties: {Queue: !ImportValue x}}"),
            "does not know Fn::ImportValue",
        ),
    ],
)
def test_what_the_runner_cannot_run_is_refused(text: str, reason: str, tmp_path: Path) -> None:
    path = tmp_path / "template.yaml"
    path.write_text(text, "utf-8")
    with pytest.raises(Misconfigured, match=reason):
        load(path)


@pytest.mark.parametrize(
    ("value", "resolved"),
    [
        ("!Sub '${AWS::Region}-${!Literal}-${Size}'", "us-east-1-${Literal}-3"),
        ("!Sub ['${a}/${Size}', {a: !Ref Names}]", "['x', 'y']/3"),
        ("!Join ['-', !Ref Names]", "x-y"),
        ("!Select [1, !Split [',', 'p,q']]", "q"),
        ("!FindInMap [Zones, cn, name]", "Asia/Shanghai"),
        ("!If [Big, big, small]", "small"),
        ("!If [Small, true, 1]", "true"),
        ("!GetAtt Topic.TopicName", "stack-Topic"),
        ("!Ref Topic", "arn:aws:sns:us-east-1:000000000000:stack-Topic"),
    ],
)
def test_intrinsic_functions_are_resolved(value: str, resolved: str, tmp_path: Path) -> None:
    path = tmp_path / "template.yaml"
    path.write_text(
        f"""
Parameters:
  Size: {{Type: Number, Default: 3}}
  Names: {{Type: CommaDelimitedList, Default: 'x, y'}}
Mappings:
  Zones: {{cn: {{name: Asia/Shanghai}}}}
Conditions:
  Big: !And [!Equals [!Ref Size, 4], !Not [!Equals [a, b]]]
  Small: !Or [!Condition Big, !Not [!Condition Big]]
Resources:
  Topic: {{Type: AWS::SNS::Topic}}
  F:
    Type: AWS::Serverless::Function
    Properties:
      Handler: f.handler
      Environment:
        Variables:
          VALUE: {value}
""",
        "utf-8",
    )
    assert load(path, prefix="stack").function("F").environment["VALUE"] == resolved
