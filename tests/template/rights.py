"""Promises about rights and environment: what the template gives, against what the code uses."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from tests.template.deployed import Template, listed, named
from tests.template.promises import CHECKS_BILLS, TAKES_FILES
from tests.template.reachable import NOTHING, NUMBERS, Name, environment_reads, rights_used

GIVEN_BY_THE_RUNTIME = {"AWS_REGION", "AWS_ACCESS_KEY_ID"}
ONE_MACHINE_ONLY = {"AFTERSALES_CLOCK"}
"""Read by deployed code, set by the one-machine runner alone (see aftersales/clock.py)."""

OF_THE_PLATFORM = {
    "logs:CreateLogStream",
    "logs:PutLogEvents",
    "sqs:ReceiveMessage",
    "sqs:DeleteMessage",
    "sqs:GetQueueAttributes",
    "dynamodb:DescribeStream",
    "dynamodb:GetRecords",
    "dynamodb:GetShardIterator",
    "dynamodb:ListStreams",
}
"""Lambda itself uses these in the function's name: logging, reading queues and streams."""

HANDED_AND_NOT_USED: dict[str, frozenset[Name]] = {
    "OrderIntakeWebhook": frozenset({("aftersales.cases.casebook", "Casebook")}),
    # A push is verified and queued: the desk that it is handed has a casebook, which stays closed.
    "ParcelTrackerPush": frozenset({("aftersales.cases.casebook", "Casebook")}),
    # The reminder's plan and its report open no connection to a shop.
    "UnpaidReminderPlan": frozenset(
        {
            ("aftersales.settings.secrets", "resolve"),
            ("aftersales.cases.casebook", "Casebook"),
            ("aftersales.platforms.registry", "build_platform"),
        }
    ),
    "UnpaidReminderReport": frozenset(
        {
            ("aftersales.settings.secrets", "resolve"),
            ("aftersales.platforms.registry", "build_platform"),
        }
    ),
    # What is in a file needs no connection to a shop.
    "ReviewScannerFiles": frozenset(
        {
            ("aftersales.settings.secrets", "resolve"),
            ("aftersales.platforms.registry", "build_platform"),
        }
    ),
    # A push brings its reviews along.
    "ReviewScannerApply": frozenset(
        {
            ("aftersales.settings.secrets", "resolve"),
            ("aftersales.platforms.registry", "build_platform"),
        }
    ),
    # The plan asks no source, so the desk that it is handed never looks up a source's secrets.
    "ParcelTrackerPlan": frozenset({("aftersales.settings.secrets", "resolve")}),
}

CHECKS_PARTS = "CourierReconciliationBill"
"""Reads what the parts of a large bill hand to each other."""

SHOWS_REPORTS = {"ReviewScannerReport", "ReviewScannerPage"}

SCOPES = {
    "ssm:GetParameter": ":parameter/${SecretsPrefix}/*",
    "secretsmanager:GetSecretValue": ":secret:${SecretsPrefix}/*",
    "sns:Publish": ":${AlertTopicPrefix}*",
}
"""What has no resource of its own in the template is limited by a name's beginning."""


TEXTS_TO_NUMBERS = {
    "Effect": "Allow",
    "Action": "sns:Publish",
    "NotResource": {"Fn::Sub": "arn:${AWS::Partition}:sns:*:*:*"},
}
"""The one right without a resource: to publish to what is no topic and no endpoint, which leaves
telephone numbers. AWS has no narrower form; so the policy is there only where it is switched on."""


def every_right_is_on_something_named(template: Template) -> Iterator[str]:
    """No managed policy, no wildcard verb, no right on everything, in any role of the stack."""
    for name, role in template.final("AWS::IAM::Role").items():
        for arn in role.get("ManagedPolicyArns", []):
            yield f"{name} has the managed policy {arn}"
        for policy in role.get("Policies", []):
            for statement in policy["PolicyDocument"]["Statement"]:
                yield from (f"{name}: {complaint}" for complaint in _too_wide(statement))
    for name, attached in template.final("AWS::IAM::Policy").items():
        for statement in attached["PolicyDocument"]["Statement"]:
            if statement == TEXTS_TO_NUMBERS and _is_off_by_default(template, name):
                continue
            yield from (f"{name}: {complaint}" for complaint in _too_wide(statement))
    for name, properties in template.functions().items():
        if not named(properties.get("Role")) or "Policies" in properties:
            yield f"{name} has no role of its own"


def _is_off_by_default(template: Template, policy: str) -> bool:
    """Does the policy exist only where a parameter, whose default is off, says on?"""
    condition = template.raw["Resources"][policy].get("Condition", "")
    asked = template.raw["Conditions"].get(condition, {}).get("Fn::Equals", [{}, ""])
    parameter = template.raw["Parameters"].get(named(asked[0]), {})
    return asked[1] == "on" and parameter.get("Default") == "off"


def _too_wide(statement: dict[str, Any]) -> Iterator[str]:
    if not {"Action", "Resource"} <= statement.keys():
        yield "NotAction and NotResource allow what nobody has thought of"
        return
    for action in listed(statement["Action"]):
        if "*" in action:
            yield f"{action} is more than one right"
    for resource in listed(statement["Resource"]):
        text = resource if isinstance(resource, str) else str(resource.get("Fn::Sub", ""))
        if re.search(r"(^|:)\*$", text) or re.search(r":[*]?/?\*$", text):
            yield f"a right on {text}"
        # GetAtt of a log group ends with :* by itself; in texts a star must follow a fixed name.
        if "*" in text and not re.search(r"(/|\$\{AlertTopicPrefix\})\*$", text):
            yield f"a right on {text}"


def rights_are_those_the_code_uses(template: Template) -> Iterator[str]:
    """Both ways: a verb that is missing fails in the night, one too many is a risk for nothing."""
    for name, properties in template.functions().items():
        given = set(_rights(template, name))
        needed = rights_used(properties["Handler"], HANDED_AND_NOT_USED.get(name, NOTHING))
        used = {
            (action, spot)
            for action, place in needed
            for spot in _places(template, action, place, name)
        }
        used |= _of_failure_queue(template, name)
        if any(action == "s3:GetObject" for action, _ in used):
            # Only who may list a bucket is told that a file is gone; others hear "forbidden".
            used.add(("s3:ListBucket", "DropBucket"))
        for action, place in sorted(used - given):
            yield f"{name} uses {action} on {place or 'something'}, but may not"
        for action, place in sorted(given - used):
            yield f"{name} may {action} on {place or 'something'}, but does not use it"


def platform_rights_fit_the_triggers(template: Template) -> Iterator[str]:
    """Each queue and stream can be read by the function that it triggers, and by no other."""
    reads: dict[str, set[str]] = {name: set() for name in template.functions()}
    for function, _, given in template.events("SQS"):
        reads[function].add(named(given["Queue"]))
    for function, _, given in template.events("DynamoDB"):
        reads[function].add(named(given["Stream"]))
    queue = {"sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"}
    stream = {f"dynamodb:{verb}" for verb in ("DescribeStream", "GetRecords", "GetShardIterator")}
    for function, sources in reads.items():
        given: dict[str, set[str]] = {}
        for statement in template.statements(function):
            for resource in listed(statement.get("Resource", [])):
                given.setdefault(named(resource), set()).update(listed(statement["Action"]))
        for source in sources:
            wanted = stream if source.endswith("Table") else queue
            if not wanted <= given.get(source, set()):
                yield f"{function} may not read {source}, which triggers it"
        for resource, actions in given.items():
            if actions & (queue | stream) and resource not in sources:
                yield f"{function} may read {resource}, which does not trigger it"


def variables_that_code_reads_are_set(template: Template) -> Iterator[str]:
    """A function that misses a variable fails at its first real event."""
    for name, properties in template.functions().items():
        read = environment_reads(properties["Handler"])
        allowed = template.variables(name).keys() | GIVEN_BY_THE_RUNTIME | ONE_MACHINE_ONLY
        for variable in sorted(read.keys() - allowed):
            yield f"{name}: {read[variable]} reads {variable}, which is not set"
        for variable in ("TABLE_PREFIX", "LOG_LEVEL", "POWERTOOLS_SERVICE_NAME"):
            if variable not in template.variables(name):
                yield f"{name}: {variable} is not set"
        package = properties["Handler"].partition(".")[0]
        if template.variables(name).get("POWERTOOLS_SERVICE_NAME") != package:
            yield f"{name}: its metrics and logs do not bear the name {package}"
        for variable in {"SWEEP_QUEUE_URL", "PUSH_QUEUE_URL"} & template.variables(name).keys():
            if variable not in read:
                yield f"{name}: {variable} is set, but nothing reads it"


def _rights(template: Template, function: str) -> Iterator[tuple[str, str]]:
    tables = _tables(template)
    for statement in template.statements(function):
        if statement == TEXTS_TO_NUMBERS:
            yield "sns:Publish", NUMBERS
            continue
        for action in listed(statement["Action"]):
            if action in OF_THE_PLATFORM:
                continue
            for resource in listed(statement["Resource"]):
                text = str(resource.get("Fn::Sub", "")) if isinstance(resource, dict) else resource
                if action.startswith("dynamodb:"):
                    index = text.partition("/index/")[2]
                    table = tables.get(named(resource), text)
                    yield action, f"{table}/index/{index}" if index else table
                elif action in ("s3:GetObject", "s3:PutObject"):
                    yield action, text
                elif action in SCOPES:
                    yield action, text[-len(SCOPES[action]) :]
                else:
                    yield action, named(resource)


def _places(template: Template, action: str, place: str, function: str) -> list[str]:
    """Where code acts; of the bucket, in the folders that are the function's business."""
    folders = [TAKES_FILES.get(function, "nothing/")]
    if function in CHECKS_BILLS:
        folders = ["bills/", "rates/"]
    if function == CHECKS_PARTS:
        folders.append("parts/")
    if action == "s3:PutObject":
        folders = ["parts/", "reports/"] if function in CHECKS_BILLS else ["nothing/"]
    if function in SHOWS_REPORTS:
        folders = ["reports/reviews/"]
    if action in ("s3:GetObject", "s3:PutObject"):
        return [f"${{DropBucket.Arn}}/{folder}*" for folder in folders]
    if place or action in SCOPES:
        return [place or SCOPES[action]]
    if action.startswith("sqs:"):
        variables = template.variables(function).items()
        queues = [named(value) for name, value in variables if name.endswith("_QUEUE_URL")]
        return queues or [place]
    return [place]


def _of_failure_queue(template: Template, function: str) -> set[tuple[str, str]]:
    kinds = [
        event["Type"]
        for event in template.written("AWS::Serverless::Function")[function]
        .get("Events", {})
        .values()
    ]
    waits_for_nobody = {"ScheduleV2", "S3", "DynamoDB"}
    return {("sqs:SendMessage", "FailureQueue")} if waits_for_nobody & set(kinds) else set()


def _tables(template: Template) -> dict[str, str]:
    return {
        name: properties["TableName"]["Fn::Sub"].partition("-")[2]
        for name, properties in template.written("AWS::DynamoDB::Table").items()
    }
