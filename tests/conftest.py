"""What tests of every kind share: an in-memory engine, and the template's tables in it."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import settings

from local.engine import Engine
from local.tables import create_tables
from local.template import TEMPLATE

# An example that takes long on a busy machine is no failure.
settings.register_profile("without_deadline", deadline=None)
settings.load_profile("without_deadline")


@dataclass(frozen=True)
class Tables:
    """The tables of one test: their prefix, a boto3 DynamoDB client and the engine's address."""

    prefix: str
    client: Any
    endpoint: str

    def items(self, table: str) -> list[dict[str, Any]]:
        """Everything in a table, as plain values, unordered."""
        from boto3.dynamodb.types import TypeDeserializer

        plain = TypeDeserializer()
        found = self.client.scan(TableName=f"{self.prefix}-{table}", ConsistentRead=True)
        return [
            {name: plain.deserialize(value) for name, value in item.items()}
            for item in found["Items"]
        ]


@pytest.fixture(scope="session")
def engine() -> Iterator[Engine]:
    """An in-memory engine for the whole session, fetched where it is missing."""
    with Engine(None) as running:
        yield running


@pytest.fixture(scope="session")
def dynamodb(engine: Engine) -> Any:
    """A boto3 DynamoDB client of that engine."""
    import boto3

    return boto3.client(
        "dynamodb",
        endpoint_url=engine.endpoint,
        region_name="us-east-1",
        aws_access_key_id="local",
        aws_secret_access_key="local",
    )


@pytest.fixture
def aws_environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """An environment in which no AWS client can reach, or be taken for, a real account."""
    for name, value in {
        "AWS_REGION": "us-east-1",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "local",
        "AWS_SECRET_ACCESS_KEY": "local",
        "AWS_EC2_METADATA_DISABLED": "true",
    }.items():
        monkeypatch.setenv(name, value)
    for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_ENDPOINT_URL", "AFTERSALES_CLOCK"):
        monkeypatch.delenv(name, raising=False)
    return monkeypatch


@pytest.fixture
def tables(engine: Engine, dynamodb: Any, aws_environment: pytest.MonkeyPatch) -> Iterator[Tables]:
    """Fresh tables under a prefix of their own, with the environment set to use them."""
    from aftersales.tables import connection

    prefix = f"t{uuid.uuid4().hex[:10]}"
    create_tables(dynamodb, TEMPLATE, prefix)
    aws_environment.setenv("TABLE_PREFIX", prefix)
    aws_environment.setenv("AWS_ENDPOINT_URL_DYNAMODB", engine.endpoint)
    connection.forget()
    yield Tables(prefix, dynamodb, engine.endpoint)
    connection.forget()
