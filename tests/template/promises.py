"""What template.yaml promises. Each promise yields a complaint for whatever breaks it.

Linters check none of this: they accept a cron that never fires, a zone that does not exist, a
queue that hands a message out twice, a handler that is not there.
"""

from __future__ import annotations

import importlib
import inspect
import json
import re
from collections.abc import Callable, Iterator
from typing import Any

from aftersales.errors import AftersalesError
from local import schedule
from tests.template.deployed import ROOT, Template, listed, named

Promise = Callable[[Template], Iterator[str]]

FOURTEEN_DAYS = 1_209_600

HANDLERS = {
    "OrderIntakeFiles": "order_intake.app.files_handler",
    "OrderIntakePollPlan": "order_intake.app.poll_plan_handler",
    "OrderIntakePoll": "order_intake.app.poll_handler",
    "OrderIntakeWebhook": "order_intake.app.webhook_handler",
    "OrderIntakeWebhookApply": "order_intake.app.webhook_apply_handler",
    "ParcelTrackerPlan": "parcel_tracker.app.plan_handler",
    "ParcelTrackerSweep": "parcel_tracker.app.sweep_handler",
    "ParcelTrackerPush": "parcel_tracker.app.push_handler",
    "ParcelTrackerApply": "parcel_tracker.app.apply_handler",
    "UnpaidReminderPlan": "unpaid_reminder.app.plan_handler",
    "UnpaidReminderRemind": "unpaid_reminder.app.remind_handler",
    "UnpaidReminderReport": "unpaid_reminder.app.report_handler",
    "CaseFollowupSweep": "case_followup.app.sweep_handler",
    "ReviewScannerPlan": "review_scanner.app.plan_handler",
    "ReviewScannerScan": "review_scanner.app.scan_handler",
    "ReviewScannerFiles": "review_scanner.app.files_handler",
    "ReviewScannerApply": "review_scanner.app.apply_handler",
    "ReviewScannerReport": "review_scanner.app.report_handler",
    "ReviewScannerPage": "review_scanner.app.page_handler",
    "CourierReconciliationFiles": "courier_reconciliation.app.files_handler",
    "CourierReconciliationMonthEnd": "courier_reconciliation.app.month_end_handler",
    "CourierReconciliationBill": "courier_reconciliation.app.bill_handler",
    "AlertDispatcherStream": "alert_dispatcher.app.stream_handler",
    "AlertDispatcherSweep": "alert_dispatcher.app.sweep_handler",
}

KEYS: dict[str, dict[str, str]] = {
    "orders": {
        "": "order_key:S",
        "unpaid": "unpaid_shard:N next_moment:S ALL",
        "buyers": "buyer_key:S placed_at:S KEYS_ONLY",
    },
    "parcels": {
        "": "parcel_id:S item:S",
        "open": "open_shard:N parcel_id:S ALL",
        "shipped": "ship_month:S parcel_id:S KEYS_ONLY",
    },
    "bills": {"": "topic:S item:S"},
    "cases": {
        "": "subject:S kind:S",
        "open_cases": "open_bucket:S opened_at:S ALL",
        "case_ids": "case_id:S KEYS_ONLY",
        "due": "due_shard:N due_at:S KEYS_ONLY",
    },
    "outbox": {"": "delivery_id:S", "pending": "pending_shard:N pending_order:S ALL"},
    "feeds": {"": "feed:S"},
    "reminders": {"": "topic:S item:S"},
    "reviews": {
        "": "review_key:S",
        "shops": "shop_id:S written_at:S INCLUDE",
        "buyers": "buyer_key:S written_at:S INCLUDE",
        "products": "product_key:S written_at:S INCLUDE",
        "copies": "copy_key:S written_at:S INCLUDE",
        "months": "bad_month:S written_at:S ALL",
    },
    "settings": {"": "name:S"},
    "quarantine": {"": "quarantine_id:S"},
}
TAKES_FILES = {
    "OrderIntakeFiles": "inbox/",
    "ReviewScannerFiles": "reviews/",
    "CourierReconciliationFiles": "bills/",
}
"""Who takes dropped files, from which folder of the bucket."""
CHECKS_BILLS = {"CourierReconciliationFiles", "CourierReconciliationBill"}
NEVER_FORGOTTEN = {"settings"}


def handlers_exist(template: Template) -> Iterator[str]:
    """Each function's handler can be imported and takes (event, context)."""
    functions = template.functions()
    for name in HANDLERS.keys() - functions.keys():
        yield f"{name} is not in the template"
    for name, properties in functions.items():
        handler = properties["Handler"]
        if HANDLERS.get(name) != handler:
            yield f"{name}: handler {handler}, expected {HANDLERS.get(name)}"
        module, _, attribute = handler.rpartition(".")
        path = ROOT / "functions" / f"{module.replace('.', '/')}.py"
        if not path.is_file():
            yield f"{name}: {path.relative_to(ROOT)} is missing"
            continue
        found = getattr(importlib.import_module(module), attribute, None)
        if not callable(found):
            yield f"{name}: {path.relative_to(ROOT)} defines no {attribute}"
        elif len(inspect.signature(found).parameters) < 2:
            yield f"{name}: {attribute} does not take (event, context)"


def functions_run_on_python313_arm64_with_their_layers(template: Template) -> Iterator[str]:
    """Runtime, architecture and layers agree, and everything is built by a Makefile of ours."""
    for name, properties in template.final("AWS::Lambda::Function").items():
        if properties["Runtime"] != "python3.13" or properties["Architectures"] != ["arm64"]:
            yield f"{name} does not run on python3.13 and arm64"
        layers = {re.sub(r"[0-9a-f]{10}$", "", named(layer)) for layer in properties["Layers"]}
        expected = {"SharedLayer"}
        expected |= {"SpreadsheetsLayer"} if name in TAKES_FILES.keys() | CHECKS_BILLS else set()
        expected |= {"ColumnarLayer"} if name in CHECKS_BILLS else set()
        if layers != expected:
            yield f"{name} has the layers {sorted(layers)}, expected {sorted(expected)}"
    for name, resource in template.raw["Resources"].items():
        if not resource["Type"].startswith("AWS::Serverless::"):
            continue
        built = resource.get("Metadata", {})
        if built.get("BuildMethod") != "makefile":
            yield f"{name} is not built by a Makefile, and so without bytecode"
        if "Layer" in resource["Type"]:
            properties = resource["Properties"]
            if built.get("BuildArchitecture") != "arm64":
                yield f"{name} is not built for arm64"
            if properties["CompatibleRuntimes"] != ["python3.13"]:
                yield f"{name} is not for python3.13"
            makefile = (ROOT / properties["ContentUri"] / "Makefile").read_text("utf-8")
            if f"\nbuild-{name}:" not in makefile:
                yield f"{properties['ContentUri']}/Makefile does not build {name}"


def schedules_fire(template: Template) -> Iterator[str]:
    """Valid expression and zone, no name that a second stack would claim too, the tick is told."""
    zone = template.raw["Parameters"]["TimeZone"]["Default"]
    for function, event, given in template.events("ScheduleV2"):
        place = f"{function}, {event}"
        expression = given["ScheduleExpression"]
        if isinstance(expression, dict):
            expression = template.raw["Parameters"][named(expression)]["Default"]
        try:
            schedule.parse(expression)
            schedule.zone(zone)
        except (AftersalesError, ValueError) as exc:
            yield f"{place}: {exc}"
        if given.get("ScheduleExpressionTimezone") != {"Ref": "TimeZone"}:
            yield f"{place}: is not read in the parameter TimeZone"
        # SAM would name it after logical ids alone: a second stack could not be deployed.
        if given.get("OmitName") is not True:
            yield f"{place}: OmitName is not set"
        try:
            told = json.loads(given.get("Input", "null"))
        except ValueError as exc:
            yield f"{place}: Input is not JSON: {exc}"
            continue
        if told != {"scheduled_time": "<aws.scheduler.scheduled-time>"}:
            yield f"{place}: the function is not told the scheduled time"
        window = given.get("FlexibleTimeWindow", {"Mode": "OFF"})
        if window["Mode"] != "OFF" and not window.get("MaximumWindowInMinutes"):
            yield f"{place}: a flexible window without a length"


def schedules_have_retries_and_dead_letters(template: Template) -> Iterator[str]:
    """A tick that cannot be handed over is retried, and then kept."""
    schedules = template.final("AWS::Scheduler::Schedule")
    if len(schedules) != len(list(template.events("ScheduleV2"))):
        yield f"{len(schedules)} schedules, not one for each event"
    for name, properties in schedules.items():
        target = properties["Target"]
        if "MaximumRetryAttempts" not in target.get("RetryPolicy", {}):
            yield f"{name} has no retry policy"
        if not named(target.get("DeadLetterConfig", {}).get("Arn")):
            yield f"{name} has no dead-letter queue"
        role = template.transformed[named(target["RoleArn"])]["Properties"]
        allowed = json.dumps(role["Policies"])
        if "lambda:InvokeFunction" not in allowed or "sqs:SendMessage" not in allowed:
            yield f"{name}: its role may not invoke the function or keep a dead letter"


def asynchronous_failures_are_kept(template: Template) -> Iterator[str]:
    """Every function that nobody waits for has a bounded retry and a queue for what failed."""
    waiting = {
        config["FunctionName"]["Ref"]: config
        for config in template.final("AWS::Lambda::EventInvokeConfig").values()
    }
    for kind in ("ScheduleV2", "S3"):
        for function, event, _ in template.events(kind):
            config = waiting.get(function, {})
            if not {"MaximumRetryAttempts", "MaximumEventAgeInSeconds"} <= config.keys():
                yield f"{function}, {event}: retries and age are not bounded"
            kept = named(
                config.get("DestinationConfig", {}).get("OnFailure", {}).get("Destination")
            )
            if not kept:
                yield f"{function}, {event}: no failure destination"
            elif not _may(template, function, "sqs:SendMessage", kept):
                yield f"{function}, {event}: its role may not send to {kept}"


def stream_failures_are_narrowed_down_and_kept(template: Template) -> Iterator[str]:
    """One bad record neither blocks the shard nor takes good ones with it; new items only."""
    streams = list(template.events("DynamoDB"))
    if len(streams) != 1:
        yield f"{len(streams)} stream triggers, expected 1"
    for function, event, given in streams:
        place = f"{function}, {event}"
        if given.get("BisectBatchOnFunctionError") is not True:
            yield f"{place}: a failing batch is not split"
        if "ReportBatchItemFailures" not in given.get("FunctionResponseTypes", []):
            yield f"{place}: a failing record counts as done"
        if not 0 <= given.get("MaximumRetryAttempts", -1) <= 10:
            yield f"{place}: retries for ever"
        kept = named(given.get("DestinationConfig", {}).get("OnFailure", {}).get("Destination"))
        if not kept:
            yield f"{place}: no failure destination"
        elif not _may(template, function, "sqs:SendMessage", kept):
            yield f"{place}: its role may not send to {kept}"
        filters = given.get("FilterCriteria", {}).get("Filters", [])
        if [json.loads(part["Pattern"]) for part in filters] != [{"eventName": ["INSERT"]}]:
            yield f"{place}: takes more than new items"
        table = template.written("AWS::DynamoDB::Table")[named(given["Stream"])]
        if table.get("StreamSpecification", {}).get("StreamViewType") != "NEW_IMAGE":
            yield f"{place}: the stream does not carry the new item"


def queues_wait_long_enough(template: Template) -> Iterator[str]:
    """6 x the timeout, partial batches, a cap on workers, time enough to become a dead letter."""
    queues = template.written("AWS::SQS::Queue")
    triggers = list(template.events("SQS"))
    if len({named(given["Queue"]) for _, _, given in triggers}) != len(triggers):
        yield "two functions take from one queue"
    for function, event, given in triggers:
        place = f"{function}, {event}"
        name = named(given["Queue"])
        visibility = queues[name].get("VisibilityTimeout", 30)
        if visibility < 6 * template.functions()[function]["Timeout"]:
            yield f"{place}: {name} hands a message out again while it may still be worked on"
        if "ReportBatchItemFailures" not in given.get("FunctionResponseTypes", []):
            yield f"{place}: one failure repeats the whole batch"
        if given.get("BatchSize", 10) > 10 and not given.get("MaximumBatchingWindowInSeconds"):
            yield f"{place}: a batch over 10 needs a window"
        if not given.get("ScalingConfig", {}).get("MaximumConcurrency"):
            yield f"{place}: as many workers at once as there are messages"
        redrive = queues[name].get("RedrivePolicy", {})
        if redrive.get("maxReceiveCount", 0) < 5:
            yield f"{name}: throttling alone would fill its dead letters"
        if named(redrive.get("deadLetterTargetArn")) not in queues:
            yield f"{name} has no dead-letter queue"
        if queues[name]["MessageRetentionPeriod"] < visibility * redrive.get("maxReceiveCount", 0):
            yield f"{name}: a message expires before it becomes a dead letter"


def queues_are_encrypted_and_dead_letters_last(template: Template) -> Iterator[str]:
    """Encryption everywhere; what a person must look at stays for fourteen days."""
    queues = template.written("AWS::SQS::Queue")
    work = {named(given["Queue"]) for _, _, given in template.events("SQS")}
    for name, properties in queues.items():
        if properties.get("SqsManagedSseEnabled") is not True:
            yield f"{name} is not encrypted"
        if name not in work and properties.get("MessageRetentionPeriod") != FOURTEEN_DAYS:
            yield f"{name} forgets before fourteen days are over"


def logs_are_kept_for_a_time(template: Template) -> Iterator[str]:
    """Each function logs to a group of its own, each group forgets, none shows a path secret."""
    groups = template.written("AWS::Logs::LogGroup")
    for name, properties in groups.items():
        if properties.get("RetentionInDays") != {"Ref": "LogRetentionDays"}:
            yield f"{name} has no retention"
    used = [
        named(properties.get("LoggingConfig", {}).get("LogGroup"))
        for properties in template.functions().values()
    ]
    for function, group in zip(template.functions(), used, strict=True):
        if group not in groups or used.count(group) != 1:
            yield f"{function} has no log group of its own"
        if not _may(template, function, "logs:PutLogEvents", group):
            yield f"{function}: its role may not write its log"
    for name, stage in template.written("AWS::ApiGatewayV2::Stage").items():
        access = stage.get("AccessLogSettings", {})
        if named(access.get("DestinationArn")) not in groups:
            yield f"{name} has no access log"
        if re.search(r"\$context\.(path|http\.path|requestOverride)", access.get("Format", "")):
            yield f"{name}: the access log holds the path, and so the path's secret"


def tables_are_as_the_code_expects(template: Template) -> Iterator[str]:
    """Names, keys, indexes, expiry and the one stream."""
    found: dict[str, dict[str, Any]] = {}
    for name, properties in template.written("AWS::DynamoDB::Table").items():
        found[properties.get("TableName", {}).get("Fn::Sub", "?")] = properties
        if properties.get("BillingMode") != "PAY_PER_REQUEST":
            yield f"{name} is not on demand"
        pitr = properties.get("PointInTimeRecoverySpecification", {})
        if pitr.get("PointInTimeRecoveryEnabled") is not True:
            yield f"{name} cannot be restored to a point in time"
        resource = template.raw["Resources"][name]
        if (resource.get("DeletionPolicy"), resource.get("UpdateReplacePolicy")) != ("Retain",) * 2:
            yield f"{name} is deleted with the stack"
    for table, keys in KEYS.items():
        properties = found.pop(f"${{AWS::StackName}}-{table}", {})
        if not properties:
            yield f"there is no table {table}, or its name is not the stack's"
            continue
        if _keys(properties) != keys:
            yield f"{table} has the keys {_keys(properties)}, expected {keys}"
        expiry = properties.get("TimeToLiveSpecification")
        wanted = (
            None if table in NEVER_FORGOTTEN else {"AttributeName": "expires_at", "Enabled": True}
        )
        if expiry != wanted:
            yield f"{table}: expiry is {expiry}, expected {wanted}"
    for name in found:
        yield f"{name} is a table that nobody knows"


def _keys(properties: dict[str, Any]) -> dict[str, str]:
    types = {
        each["AttributeName"]: each["AttributeType"] for each in properties["AttributeDefinitions"]
    }

    def told(schema: list[dict[str, str]]) -> str:
        kinds = [each["KeyType"] for each in schema]
        names = [f"{each['AttributeName']}:{types.get(each['AttributeName'])}" for each in schema]
        return " ".join(names) if kinds == ["HASH", "RANGE"][: len(kinds)] else f"{kinds} {names}"

    found = {"": told(properties["KeySchema"])}
    for index in properties.get("GlobalSecondaryIndexes", []):
        found[index["IndexName"]] = (
            f"{told(index['KeySchema'])} {index['Projection']['ProjectionType']}"
        )
    return found


def dropped_files_are_private(template: Template) -> Iterator[str]:
    """No public access, encrypted at rest and on the way, old versions kept, forgotten in time."""
    for name, bucket in template.final("AWS::S3::Bucket").items():
        blocked = bucket.get("PublicAccessBlockConfiguration", {})
        if len(blocked) != 4 or not all(value is True for value in blocked.values()):
            yield f"{name} may become public"
        if not bucket.get("BucketEncryption"):
            yield f"{name} is not encrypted"
        if bucket.get("VersioningConfiguration", {}).get("Status") != "Enabled":
            yield f"{name}: a file dropped under the same name is lost"
        rules = bucket.get("LifecycleConfiguration", {}).get("Rules", [])
        if not any(rule.get("ExpirationInDays") for rule in rules):
            yield f"{name} keeps personal data for ever"
        forgotten = {rule.get("Prefix") for rule in rules if rule.get("ExpirationInDays")}
        for folder in (*TAKES_FILES.values(), "parts/", "reports/"):
            if folder not in forgotten:
                yield f"{name} keeps what is below {folder} for ever"
        policies = [
            policy["PolicyDocument"]["Statement"]
            for policy in template.final("AWS::S3::BucketPolicy").values()
            if policy["Bucket"] == {"Ref": name}
        ]
        if '"aws:SecureTransport": "false"' not in json.dumps(policies):
            yield f"{name} may be read over an open connection"
    if not list(template.events("S3")):
        yield "no function is told of a dropped file"
    for function, event, given in template.events("S3"):
        rules = given.get("Filter", {}).get("S3Key", {}).get("Rules", [])
        folder = TAKES_FILES.get(function, "nothing/")
        if {"Name": "prefix", "Value": folder} not in rules:
            yield f"{function}, {event}: takes files outside {folder}"


def pushes_have_one_guarded_way_in(template: Template) -> Iterator[str]:
    """Three routes in and one to a page, throttled, in resources that every partition knows."""
    kinds = {resource["Type"] for resource in template.raw["Resources"].values()}
    for kind in kinds & {"AWS::Serverless::HttpApi", "AWS::Serverless::Api", "AWS::Lambda::Url"}:
        yield f"{kind} does not exist everywhere"
    for name, properties in template.functions().items():
        if "FunctionUrlConfig" in properties:
            yield f"{name}: function URLs do not exist everywhere"
    integrations = template.written("AWS::ApiGatewayV2::Integration")
    for name, given in integrations.items():
        if given.get("PayloadFormatVersion") != "2.0":
            yield f"{name}: the handler reads payload format 2.0"
    routes = template.written("AWS::ApiGatewayV2::Route")
    keys = {given["RouteKey"] for given in routes.values()}
    ways_in = {"POST /push/{source}", "POST /push/{source}/{secret}", "POST /shops/{shop}"}
    if keys != ways_in | {"GET /reports/reviews/{folder}/{name}"}:
        yield f"the routes are {sorted(keys)}"
    for name, given in routes.items():
        if named(given["Target"]) not in integrations:
            yield f"{name} leads nowhere"
    for name, stage in template.written("AWS::ApiGatewayV2::Stage").items():
        limits = stage.get("DefaultRouteSettings", {})
        if not {"ThrottlingRateLimit", "ThrottlingBurstLimit"} <= limits.keys():
            yield f"{name} is not throttled"
        if stage.get("AutoDeploy") is not True:
            yield f"{name}: routes are never deployed"
    for name, given in template.final("AWS::Lambda::Permission").items():
        if "SourceArn" not in given and "SourceAccount" not in given:
            yield f"{name} lets every account in"


def alarms_cover_what_can_go_wrong(template: Template) -> Iterator[str]:
    """Dead letters, errors of each function, late alerts, late feeds; silence counts as late."""
    alarms = template.written("AWS::CloudWatch::Alarm")
    told = {"Fn::If": ["HasAlarmTopic", [{"Ref": "AlarmTopicArn"}], {"Ref": "AWS::NoValue"}]}
    watched: dict[tuple[str, str], dict[str, Any]] = {}
    for name, properties in alarms.items():
        for dimension in properties["Dimensions"]:
            value = dimension["Value"]
            watched[properties["MetricName"], named(value) or str(value)] = properties
        if properties.get("AlarmActions") != told:
            yield f"{name} tells nobody"
        if properties.get("ComparisonOperator") != "GreaterThanThreshold":
            yield f"{name} compares the wrong way"
    work = {named(given["Queue"]) for _, _, given in template.events("SQS")}
    events: dict[tuple[str, str], str] = {
        ("ApproximateNumberOfMessagesVisible", queue): "notBreaching"
        for queue in template.written("AWS::SQS::Queue")
        if queue not in work
    }
    events |= {("Errors", function): "notBreaching" for function in template.functions()}
    late = {
        ("OldestPendingAlertSeconds", "alert_dispatcher"): "breaching",
        ("CoverageLagSeconds", "parcel_tracker"): "breaching",
        ("CoverageLagSeconds", "order_intake"): "breaching",
    }
    for key, missing in (events | late).items():
        alarm = watched.get(key)
        if alarm is None:
            yield f"no alarm on {key[0]} of {key[1]}"
            continue
        if alarm.get("TreatMissingData") != missing:
            yield f"{key[0]} of {key[1]}: missing data must be {missing}"
        if key in events and alarm["Threshold"] != 0:
            yield f"{key[0]} of {key[1]}: the first one must raise the alarm"
        if key in late and (alarm["Namespace"] != "Aftersales" or alarm["EvaluationPeriods"] < 3):
            yield f"{key[0]} of {key[1]}: wrong namespace, or one missing value raises the alarm"


def outputs_say_where_things_are(template: Template) -> Iterator[str]:
    """What an operator needs after a deployment."""
    expected = {"DropBucketName", "PushUrl", "ShopUrl", "TablePrefix", "FailureQueueUrl"}
    expected |= {f"{queue}Url" for queue in template.written("AWS::SQS::Queue")}
    for name in sorted(expected - template.raw["Outputs"].keys()):
        yield f"no output {name}"


def _may(template: Template, function: str, action: str, target: str) -> bool:
    return any(
        action in listed(statement["Action"])
        and target in {named(resource) for resource in listed(statement["Resource"])}
        for statement in template.statements(function)
    )
