"""Mistakes that one can make in template.yaml, each with the promise that must notice it."""

from __future__ import annotations

from typing import Any

from tests.template import promises, rights
from tests.template.promises import Promise

Place = tuple[Any, ...]
GONE = object()
"""The mistake is that nothing stands there."""

FILES = ("Resources", "OrderIntakeFiles", "Properties")
PLAN = ("Resources", "ParcelTrackerPlan", "Properties")
SWEEP = ("Resources", "ParcelTrackerSweep", "Properties")
STREAM = ("Resources", "AlertDispatcherStream", "Properties")
TICK = (*PLAN, "Events", "EveryTenMinutes", "Properties")
SHARD = (*SWEEP, "Events", "Shard", "Properties")
RECORD = (*STREAM, "Events", "NewAlert", "Properties")
PLAN_RIGHTS = ("Resources", "ParcelTrackerPlanRole", "Properties", "Policies", 0, "PolicyDocument")
SWEEP_RIGHTS = (
    "Resources",
    "ParcelTrackerSweepRole",
    "Properties",
    "Policies",
    0,
    "PolicyDocument",
    "Statement",
)
STATEMENT = (*PLAN_RIGHTS, "Statement", 1)
BUCKET = ("Resources", "DropBucket", "Properties")
TEXTS = (
    "Resources",
    "UnpaidReminderTextsBuyers",
    "Properties",
    "PolicyDocument",
    "Statement",
    0,
)

MISTAKES: list[tuple[Promise, Place, Any]] = [
    (promises.handlers_exist, (*PLAN, "Handler"), "parcel_tracker.app.no_such_handler"),
    (promises.handlers_exist, (*PLAN, "Handler"), "parcel_tracker.elsewhere.plan_handler"),
    (promises.functions_run_on_python313_arm64_with_their_layers, (*PLAN, "Runtime"), "python3.12"),
    (
        promises.functions_run_on_python313_arm64_with_their_layers,
        ("Resources", "SharedLayer", "Metadata", "BuildArchitecture"),
        "x86_64",
    ),
    (
        promises.functions_run_on_python313_arm64_with_their_layers,
        ("Resources", "ParcelTrackerPlan", "Metadata"),
        GONE,
    ),
    (promises.functions_run_on_python313_arm64_with_their_layers, (*FILES, "Layers"), GONE),
    (promises.schedules_fire, (*TICK, "ScheduleExpression"), "cron(0/10 * * * *)"),
    (promises.schedules_fire, (*TICK, "ScheduleExpression"), "cron(0 8 1 * 1 *)"),
    (promises.schedules_fire, (*TICK, "ScheduleExpression"), "rate(ten minutes)"),
    (promises.schedules_fire, (*TICK, "OmitName"), GONE),
    (promises.schedules_fire, (*TICK, "ScheduleExpressionTimezone"), GONE),
    (promises.schedules_fire, (*TICK, "Input"), "{}"),
    (promises.schedules_fire, (*TICK, "FlexibleTimeWindow"), {"Mode": "FLEXIBLE"}),
    (promises.schedules_fire, ("Parameters", "TimeZone", "Default"), "Asia/Beijing"),
    (promises.schedules_have_retries_and_dead_letters, (*TICK, "DeadLetterConfig"), GONE),
    (promises.schedules_have_retries_and_dead_letters, (*TICK, "RetryPolicy"), GONE),
    (promises.asynchronous_failures_are_kept, (*FILES, "EventInvokeConfig"), GONE),
    (
        promises.asynchronous_failures_are_kept,
        (*PLAN, "EventInvokeConfig", "DestinationConfig"),
        GONE,
    ),
    (promises.stream_failures_are_narrowed_down_and_kept, (*RECORD, "DestinationConfig"), GONE),
    (promises.stream_failures_are_narrowed_down_and_kept, (*RECORD, "MaximumRetryAttempts"), GONE),
    (
        promises.stream_failures_are_narrowed_down_and_kept,
        (*RECORD, "BisectBatchOnFunctionError"),
        False,
    ),
    (promises.stream_failures_are_narrowed_down_and_kept, (*RECORD, "FilterCriteria"), GONE),
    (promises.stream_failures_are_narrowed_down_and_kept, (*RECORD, "FunctionResponseTypes"), GONE),
    (promises.queues_wait_long_enough, (*SWEEP, "Timeout"), 301),
    (promises.queues_wait_long_enough, (*SHARD, "FunctionResponseTypes"), GONE),
    (promises.queues_wait_long_enough, (*SHARD, "BatchSize"), 100),
    (promises.queues_wait_long_enough, (*SHARD, "ScalingConfig"), GONE),
    (
        promises.queues_wait_long_enough,
        ("Resources", "SweepQueue", "Properties", "MessageRetentionPeriod"),
        3600,
    ),
    (
        promises.queues_wait_long_enough,
        ("Resources", "SweepQueue", "Properties", "RedrivePolicy"),
        GONE,
    ),
    (
        promises.queues_are_encrypted_and_dead_letters_last,
        ("Resources", "PushQueue", "Properties", "SqsManagedSseEnabled"),
        GONE,
    ),
    (
        promises.queues_are_encrypted_and_dead_letters_last,
        ("Resources", "FailureQueue", "Properties", "MessageRetentionPeriod"),
        345_600,
    ),
    (promises.logs_are_kept_for_a_time, (*PLAN, "LoggingConfig"), GONE),
    (
        promises.logs_are_kept_for_a_time,
        (*PLAN, "LoggingConfig", "LogGroup"),
        {"Ref": "ParcelTrackerSweepLog"},
    ),
    (
        promises.logs_are_kept_for_a_time,
        ("Resources", "PushApiLog", "Properties", "RetentionInDays"),
        GONE,
    ),
    (
        promises.logs_are_kept_for_a_time,
        ("Resources", "PushStage", "Properties", "AccessLogSettings", "Format"),
        '{"path":"$context.path"}',
    ),
    (promises.tables_are_as_the_code_expects, ("Resources", "CasesTable", "DeletionPolicy"), GONE),
    (
        promises.tables_are_as_the_code_expects,
        ("Resources", "OutboxTable", "Properties", "PointInTimeRecoverySpecification"),
        GONE,
    ),
    (
        promises.tables_are_as_the_code_expects,
        ("Resources", "OutboxTable", "Properties", "TimeToLiveSpecification", "AttributeName"),
        "ttl",
    ),
    (
        promises.tables_are_as_the_code_expects,
        ("Resources", "FeedsTable", "Properties", "TableName", "Fn::Sub"),
        "feeds",
    ),
    (
        promises.tables_are_as_the_code_expects,
        ("Resources", "ParcelsTable", "Properties", "AttributeDefinitions", 2, "AttributeType"),
        "S",
    ),
    (
        promises.tables_are_as_the_code_expects,
        ("Resources", "CasesTable", "Properties", "GlobalSecondaryIndexes", 1),
        GONE,
    ),
    (promises.dropped_files_are_private, (*BUCKET, "BucketEncryption"), GONE),
    (promises.dropped_files_are_private, (*BUCKET, "LifecycleConfiguration"), GONE),
    (
        promises.dropped_files_are_private,
        (*BUCKET, "LifecycleConfiguration", "Rules", 4, "ExpirationInDays"),
        GONE,
    ),
    (
        promises.dropped_files_are_private,
        (*BUCKET, "PublicAccessBlockConfiguration", "BlockPublicPolicy"),
        False,
    ),
    (promises.dropped_files_are_private, ("Resources", "DropBucketPolicy"), GONE),
    (
        promises.dropped_files_are_private,
        (*FILES, "Events", "FileDropped", "Properties", "Filter"),
        GONE,
    ),
    (
        promises.pushes_have_one_guarded_way_in,
        ("Resources", "PushStage", "Properties", "DefaultRouteSettings"),
        GONE,
    ),
    (promises.pushes_have_one_guarded_way_in, ("Resources", "PushSecretRoute"), GONE),
    (promises.pushes_have_one_guarded_way_in, ("Resources", "ShopRoute"), GONE),
    (
        promises.pushes_have_one_guarded_way_in,
        ("Resources", "PushPermission", "Properties", "SourceArn"),
        GONE,
    ),
    (
        promises.pushes_have_one_guarded_way_in,
        (*PLAN, "FunctionUrlConfig"),
        {"AuthType": "NONE"},
    ),
    (promises.alarms_cover_what_can_go_wrong, ("Resources", "FailureQueueAlarm"), GONE),
    (
        promises.alarms_cover_what_can_go_wrong,
        ("Resources", "CoverageLagAlarm", "Properties", "TreatMissingData"),
        "notBreaching",
    ),
    (
        promises.alarms_cover_what_can_go_wrong,
        ("Resources", "PendingAlertAlarm", "Properties", "AlarmActions"),
        GONE,
    ),
    (
        promises.alarms_cover_what_can_go_wrong,
        ("Resources", "SweepDeadLettersAlarm", "Properties", "Threshold"),
        10,
    ),
    (promises.alarms_cover_what_can_go_wrong, ("Resources", "OrderIntakeFilesErrorsAlarm"), GONE),
    (promises.alarms_cover_what_can_go_wrong, ("Resources", "ShopLagAlarm"), GONE),
    (promises.outputs_say_where_things_are, ("Outputs", "PushUrl"), GONE),
    (rights.every_right_is_on_something_named, (*STATEMENT, "Resource"), "*"),
    (rights.every_right_is_on_something_named, (*STATEMENT, "Action"), "dynamodb:*"),
    (
        rights.every_right_is_on_something_named,
        (*STATEMENT, "Resource"),
        {"Fn::Sub": "arn:${AWS::Partition}:dynamodb:${AWS::Region}:${AWS::AccountId}:*"},
    ),
    (rights.every_right_is_on_something_named, (*PLAN, "Role"), "arn:aws:iam::111122223333:role/x"),
    (
        rights.every_right_is_on_something_named,
        ("Resources", "ParcelTrackerPlanRole", "Properties", "ManagedPolicyArns"),
        ["arn:aws:iam::aws:policy/AmazonDynamoDBFullAccess"],
    ),
    (rights.every_right_is_on_something_named, ("Parameters", "BuyerSms", "Default"), "on"),
    (
        rights.every_right_is_on_something_named,
        ("Resources", "UnpaidReminderTextsBuyers", "Condition"),
        GONE,
    ),
    (
        rights.every_right_is_on_something_named,
        (*TEXTS, "NotResource"),
        {"Fn::Sub": "arn:${AWS::Partition}:s3:::*"},
    ),
    (rights.every_right_is_on_something_named, (*TEXTS, "Action"), "sns:*"),
    (
        rights.rights_are_those_the_code_uses,
        ("Resources", "UnpaidReminderTextsBuyers", "Properties", "Roles"),
        [{"Ref": "UnpaidReminderPlanRole"}],
    ),
    (rights.rights_are_those_the_code_uses, (*STATEMENT, "Action"), "dynamodb:Scan"),
    (rights.rights_are_those_the_code_uses, (*PLAN_RIGHTS, "Statement", 2), GONE),
    (
        rights.platform_rights_fit_the_triggers,
        (*SWEEP_RIGHTS, 1, "Resource"),
        {"Fn::GetAtt": ["PushQueue", "Arn"]},
    ),
    (
        rights.variables_that_code_reads_are_set,
        (*PLAN, "Environment", "Variables", "SWEEP_QUEUE_URL"),
        GONE,
    ),
    (
        rights.variables_that_code_reads_are_set,
        ("Globals", "Function", "Environment", "Variables", "TABLE_PREFIX"),
        GONE,
    ),
    (
        rights.variables_that_code_reads_are_set,
        (*SWEEP, "Environment", "Variables", "POWERTOOLS_SERVICE_NAME"),
        "alert_dispatcher",
    ),
]
