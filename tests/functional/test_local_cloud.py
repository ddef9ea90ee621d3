"""The local ends of SQS, S3 and SNS, spoken to by boto3."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3
import pytest

from local.buckets import Buckets, StoredObject
from local.cloud import Cloud
from local.queues import Queues
from local.state import State
from local.template import Queue
from local.topics import Topics


@dataclass
class Ends:
    """The local ends with a queue clock of their own."""

    cloud: Cloud
    queues: Queues
    buckets: Buckets
    topics: Topics
    now: list[float]
    created: list[StoredObject] = field(default_factory=list)

    def client(self, service: str) -> Any:
        return boto3.client(
            service,
            endpoint_url=self.cloud.url,
            region_name="us-east-1",
            aws_access_key_id="local",
            aws_secret_access_key="local",
        )

    def url(self, queue: str) -> str:
        return f"{self.cloud.url}/000000000000/{queue}"


QUEUES = (
    Queue("Work", "work", visibility_seconds=60, dead_letters="dead", max_receives=2),
    Queue("Dead", "dead"),
)


@pytest.fixture
def ends(tmp_path: Path) -> Iterator[Ends]:
    state = State(tmp_path)
    now = [1_000_000.0]
    queues = Queues(state, QUEUES, now=lambda: now[0])
    buckets, topics = Buckets(state, ["drop"]), Topics(state)
    made = Ends(Cloud(queues, buckets, topics), queues, buckets, topics, now)
    buckets.on_created = made.created.append
    made.cloud.start()
    yield made
    made.cloud.stop()
    state.close()


def test_a_message_is_received_once_until_its_visibility_ends(ends: Ends) -> None:
    sqs = ends.client("sqs")
    url = sqs.get_queue_url(QueueName="work")["QueueUrl"]
    sent = sqs.send_message(QueueUrl=url, MessageBody="圆通 🚚")
    first = sqs.receive_message(QueueUrl=url, MessageSystemAttributeNames=["All"])["Messages"][0]
    assert (first["MessageId"], first["Body"]) == (sent["MessageId"], "圆通 🚚")
    assert first["Attributes"]["ApproximateReceiveCount"] == "1"
    assert "Messages" not in sqs.receive_message(QueueUrl=url)
    ends.now[0] += 60
    second = sqs.receive_message(QueueUrl=url)["Messages"][0]
    sqs.delete_message(QueueUrl=url, ReceiptHandle=first["ReceiptHandle"])  # too late: not its own
    ends.now[0] += 59
    assert ends.queues.counts("work") == (0, 1, 0)
    sqs.delete_message(QueueUrl=url, ReceiptHandle=second["ReceiptHandle"])
    assert ends.queues.counts("work") == (0, 0, 0)


def test_a_message_received_too_often_becomes_a_dead_letter(ends: Ends) -> None:
    sqs, url = ends.client("sqs"), ends.url("work")
    sqs.send_message(QueueUrl=url, MessageBody="poison")
    for _ in range(2):
        assert sqs.receive_message(QueueUrl=url)["Messages"]
        ends.now[0] += 61
    assert "Messages" not in sqs.receive_message(QueueUrl=url)
    assert sqs.receive_message(QueueUrl=ends.url("dead"))["Messages"][0]["Body"] == "poison"


def test_a_delayed_message_waits(ends: Ends) -> None:
    sqs, url = ends.client("sqs"), ends.url("work")
    sqs.send_message(QueueUrl=url, MessageBody="later", DelaySeconds=900)
    assert ends.queues.counts("work") == (0, 0, 1)
    ends.now[0] += 899.9
    assert "Messages" not in sqs.receive_message(QueueUrl=url)
    ends.now[0] += 0.1
    assert sqs.receive_message(QueueUrl=url)["Messages"]


def test_a_batch_keeps_its_order_and_names_what_was_refused(ends: Ends) -> None:
    sqs, url = ends.client("sqs"), ends.url("work")
    bodies = ["one", "x" * (1024 * 1024 + 1), "three"]
    answer = sqs.send_message_batch(
        QueueUrl=url,
        Entries=[{"Id": str(n), "MessageBody": body} for n, body in enumerate(bodies)],
    )
    assert [entry["Id"] for entry in answer["Successful"]] == ["0", "2"]
    assert [entry["Id"] for entry in answer["Failed"]] == ["1"]
    received = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10)["Messages"]
    assert [message["Body"] for message in received] == ["one", "three"]


def test_visibility_can_be_given_back(ends: Ends) -> None:
    sqs, url = ends.client("sqs"), ends.url("work")
    sqs.send_message(QueueUrl=url, MessageBody="x")
    message = sqs.receive_message(QueueUrl=url)["Messages"][0]
    sqs.change_message_visibility(
        QueueUrl=url, ReceiptHandle=message["ReceiptHandle"], VisibilityTimeout=0
    )
    attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    assert attributes["ApproximateNumberOfMessages"] == "1"
    assert attributes["QueueArn"].endswith(":work")


def test_an_unknown_queue_is_the_error_that_clients_know(ends: Ends) -> None:
    sqs = ends.client("sqs")
    with pytest.raises(sqs.exceptions.QueueDoesNotExist):
        sqs.send_message(QueueUrl=ends.url("nowhere"), MessageBody="x")


def test_messages_outlive_the_process_and_those_in_work_come_again(tmp_path: Path) -> None:
    state = State(tmp_path)
    queues = Queues(state, QUEUES)
    queues.send("work", "kept")
    assert queues.receive("work")
    # Not closed yet: as after kill -9, the next process finds the file as it was left.
    next_state = State(tmp_path)
    again = Queues(next_state, QUEUES)
    assert again.receive("work") == []
    again.release_all()
    assert [message.body for message in again.receive("work")] == ["kept"]
    next_state.close()
    state.close()


@pytest.mark.parametrize("key", ["inbox/lan/订单 7月+.csv", "a/../../etc/passwd", "x" * 1000])
def test_an_object_comes_back_as_it_was_put(ends: Ends, key: str, tmp_path: Path) -> None:
    s3 = ends.client("s3")
    s3.put_object(Bucket="drop", Key=key, Body=b"\x00\xff" * 5, Metadata={"shop": "lan"})
    found = s3.get_object(Bucket="drop", Key=key)
    assert found["Body"].read() == b"\x00\xff" * 5
    assert found["Metadata"] == {"shop": "lan"}
    head = s3.head_object(Bucket="drop", Key=key)
    assert (head["ContentLength"], head["ETag"]) == (10, found["ETag"])
    assert [(one.bucket, one.key, one.size) for one in ends.created] == [("drop", key, 10)]
    assert all(tmp_path in path.parents for path in tmp_path.rglob("*"))


def test_a_missing_object_and_bucket_are_told_apart(ends: Ends) -> None:
    s3 = ends.client("s3")
    with pytest.raises(s3.exceptions.NoSuchKey):
        s3.get_object(Bucket="drop", Key="nothing")
    with pytest.raises(s3.exceptions.NoSuchBucket):
        s3.get_object(Bucket="elsewhere", Key="nothing")


def test_what_is_published_can_be_shown(ends: Ends) -> None:
    sns = ends.client("sns")
    arn = "arn:aws:sns:us-east-1:000000000000:alerts"
    sent = sns.publish(
        TopicArn=arn,
        Subject="Parcel stalled",
        Message="已停滞 52 小时 & 等待处理",
        MessageAttributes={"severity": {"DataType": "String", "StringValue": "alarm"}},
    )
    shown = ends.topics.latest()[0]
    assert shown.message_id == sent["MessageId"]
    assert (shown.topic_arn, shown.subject) == (arn, "Parcel stalled")
    assert shown.message == "已停滞 52 小时 & 等待处理"
    assert shown.attributes == {"severity": "alarm"}


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "127.0.0.1"},
        {"Host": "rebound.example", "Authorization": "AWS4-HMAC-SHA256 x"},
        {"Authorization": "AWS4-HMAC-SHA256 x", "X-Forwarded-For": "203.0.113.9"},
    ],
)
def test_a_web_page_cannot_speak_to_the_local_ends(ends: Ends, headers: dict[str, str]) -> None:
    request = urllib.request.Request(
        ends.cloud.url,
        data=json.dumps({"QueueUrl": ends.url("work"), "MessageBody": "forged"}).encode(),
        headers={"X-Amz-Target": "AmazonSQS.SendMessage", **headers},
    )
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(request, timeout=5)
    caught.value.close()
    assert caught.value.code == 403
    assert ends.queues.counts("work") == (0, 0, 0)


def test_a_text_to_a_number_is_shown_with_the_number_masked(ends: Ends) -> None:
    sns = ends.client("sns")
    sns.publish(PhoneNumber="+447700900123", Message="Your order 1001 is waiting for payment.")
    shown = ends.topics.latest()[0]
    assert shown.topic_arn == "sms:+44***23"
    assert shown.message.startswith("Your order")
    assert "900123" not in str(shown)
    with pytest.raises(sns.exceptions.ClientError):
        sns.publish(PhoneNumber="07700 900123", Message="not E.164")


def test_what_leads_nowhere_is_refused_and_listeners_hear_of_what_is_accepted(ends: Ends) -> None:
    sns, heard = ends.client("sns"), []
    ends.topics.listeners.append(heard.append)
    sns.publish(PhoneNumber="+447700900123", Message="Your order 1001 is waiting for payment.")
    assert [one.topic_arn for one in heard] == ["sms:+44***23"]
    ends.topics.accepts = False
    for where in (
        {"PhoneNumber": "+447700900123"},
        {"TopicArn": "arn:aws:sns:us-east-1:000000000000:alerts"},
    ):
        with pytest.raises(sns.exceptions.AuthorizationErrorException, match="leads to Amazon SNS"):
            sns.publish(Message="reaches nobody", **where)
    assert len(ends.topics.latest()) == len(heard) == 1
