"""Secrets by reference."""

from __future__ import annotations

import boto3
import pytest
from moto import mock_aws

from aftersales import aws
from aftersales.errors import Misconfigured, Unreachable
from aftersales.settings import secrets
from aftersales.settings.secrets import is_reference, resolve

REGION = "ap-east-1"


@pytest.fixture(autouse=True)
def _cloud(monkeypatch):
    monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)
    monkeypatch.setenv("AWS_REGION", REGION)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    with mock_aws():
        aws.forget()
        secrets.forget()
        yield
    aws.forget()
    secrets.forget()


def _store_parameter(name: str, value: str) -> None:
    boto3.client("ssm", REGION).put_parameter(
        Name=name, Value=value, Type="SecureString", Overwrite=True
    )


def test_a_secret_from_the_environment():
    assert resolve("env:ROBOT_KEY", {"ROBOT_KEY": " abc\n"}) == "abc"


@pytest.mark.parametrize("environ", [{}, {"ROBOT_KEY": ""}, {"ROBOT_KEY": "  "}])
def test_a_variable_that_is_not_set_is_named(environ):
    with pytest.raises(Misconfigured, match="env:ROBOT_KEY"):
        resolve("env:ROBOT_KEY", environ)


def test_a_parameter_is_decrypted_and_kept_for_a_while():
    _store_parameter("/aftersales/key", "first")
    assert resolve("ssm:/aftersales/key", {}) == "first"
    _store_parameter("/aftersales/key", "second")
    assert resolve("ssm:/aftersales/key", {}) == "first"
    assert resolve("ssm:/aftersales/key", {}, max_age_seconds=0) == "second"
    _store_parameter("/aftersales/key", "third")
    secrets.forget()
    assert resolve("ssm:/aftersales/key", {}) == "third"


def test_a_secret_is_read_whole_or_by_field():
    store = boto3.client("secretsmanager", REGION)
    store.create_secret(Name="aftersales/sf", SecretString='{"checkword":"cw-1","number":7}')
    store.create_secret(Name="plain", SecretString="just text\n")
    assert resolve("secretsmanager:aftersales/sf#checkword", {}) == "cw-1"
    assert resolve("secretsmanager:aftersales/sf#number", {}) == "7"
    assert resolve("secretsmanager:plain", {}) == "just text"


def test_what_does_not_exist_is_a_misconfiguration_that_names_the_reference():
    for reference in ("ssm:/aftersales/none", "secretsmanager:aftersales/none#x"):
        with pytest.raises(Misconfigured, match=reference):
            resolve(reference, {})


def test_a_missing_field_never_shows_what_the_secret_holds():
    store = boto3.client("secretsmanager", REGION)
    store.create_secret(Name="a", SecretString='{"other":"9F2A77"}')
    store.create_secret(Name="b", SecretString="9F2A77")
    store.create_secret(Name="c", SecretBinary=b"9F2A77")
    for reference in ("secretsmanager:a#x", "secretsmanager:b#x", "secretsmanager:c"):
        with pytest.raises(Misconfigured) as refused:
            resolve(reference, {})
        assert reference in str(refused.value)
        assert "9F2A77" not in str(refused.value)


@pytest.mark.parametrize(
    "text",
    ["9F2A77SECRET", "", "env:", "env:A B", "ENV:X", "ssm:", "https://x.example.com/9F2A77SECRET"],
)
def test_a_text_that_is_no_reference_is_refused_and_not_repeated(text):
    assert not is_reference(text)
    with pytest.raises(Misconfigured) as refused:
        resolve(text, {"A": "x"})
    assert "9F2A77SECRET" not in str(refused.value)


def test_aws_that_does_not_answer_is_tried_again_later(monkeypatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL_SSM", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    aws.forget()
    with pytest.raises(Unreachable) as failed:
        resolve("ssm:/aftersales/key", {})
    assert failed.value.retry
    assert "ssm:/aftersales/key" in str(failed.value)
