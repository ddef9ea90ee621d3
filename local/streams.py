"""Handing new records of a table's stream to its function.

The position is kept in memory only: after a restart reading begins with what is written then, and
the function's scheduled sweep delivers what the stream did not.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from local.events import stream_record
from local.invoke import Run, failed_items, invoke
from local.patterns import matches
from local.template import Function, StreamTrigger

if TYPE_CHECKING:
    from botocore.client import BaseClient

POLL_SECONDS = 0.2
RETRY_SECONDS = 1.0
LONGEST_RETRY_SECONDS = 30.0
RETRIES = 10
"""Where the template sets no limit: enough for a hiccup; the sweep has the rest."""


class StreamTail:
    """Reads one stream and invokes one function, in the thread that calls `run`."""

    def __init__(
        self,
        function: Function,
        trigger: StreamTrigger,
        *,
        dynamodb: BaseClient,
        streams: BaseClient,
        report: Callable[[Run], None],
        stopping: threading.Event,
    ) -> None:
        self._function = function
        self._trigger = trigger
        self._dynamodb: Any = dynamodb
        self._streams: Any = streams
        self._report = report
        self._stopping = stopping
        self._iterators: dict[str, str] = {}

    def open(self) -> None:
        """Take the position behind the newest record there is now."""
        table = self._dynamodb.describe_table(TableName=self._trigger.table)["Table"]
        arn = table["LatestStreamArn"]
        shards = self._streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"]
        for shard in shards:
            self._iterators[shard["ShardId"]] = self._streams.get_shard_iterator(
                StreamArn=arn, ShardId=shard["ShardId"], ShardIteratorType="LATEST"
            )["ShardIterator"]

    def run(self) -> None:
        """Read until told to stop. An engine that is just restarting is asked again."""
        from botocore.exceptions import BotoCoreError, ClientError

        while not self._stopping.is_set():
            try:
                handled = self.poll()
            except BotoCoreError:
                self._stopping.wait(RETRY_SECONDS)
                continue
            except ClientError:
                # A position that is not known any more: begin anew, the sweep has what lay between.
                self._iterators.clear()
                self._stopping.wait(RETRY_SECONDS)
                continue
            if not handled:
                self._stopping.wait(POLL_SECONDS)

    def poll(self) -> int:
        """Read each shard once, hand over what is new, and return how many records there were."""
        seen = 0
        if not self._iterators:
            self.open()
        for shard, iterator in list(self._iterators.items()):
            page = self._streams.get_records(ShardIterator=iterator, Limit=self._trigger.batch_size)
            records = [stream_record(record, self._trigger.table) for record in page["Records"]]
            seen += len(records)
            if wanted := [record for record in records if self._wanted(record)]:
                self._deliver(wanted)
            # Only now: where this process ends before, nothing was passed over knowingly.
            following = page.get("NextShardIterator")
            if following:
                self._iterators[shard] = following
            else:
                del self._iterators[shard]
        return seen

    def _wanted(self, record: dict[str, Any]) -> bool:
        patterns = self._trigger.patterns
        return not patterns or any(matches(pattern, record) for pattern in patterns)

    def _deliver(self, records: list[dict[str, Any]]) -> None:
        retries = RETRIES if self._trigger.retries is None else self._trigger.retries
        wait = RETRY_SECONDS
        for _ in range(retries + 1):
            run = invoke(self._function, {"Records": records}, cause=f"{len(records)} new items")
            self._report(run)
            ids = [record["dynamodb"]["SequenceNumber"] for record in records]
            failed = failed_items(run, ids, partial=self._trigger.partial_batches)
            if not failed:
                return
            # A stream is in order: everything from the first failed record on comes again.
            first = min(ids.index(one) for one in failed)
            records = records[first:]
            if self._stopping.wait(wait):
                return
            wait = min(wait * 2, LONGEST_RETRY_SECONDS)
