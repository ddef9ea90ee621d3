"""What S3 says of an object that it does not hand over, and what the functions make of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from aftersales import aws
from aftersales.errors import BadInput, Unreachable
from aftersales.objects import Gone, not_read
from courier_reconciliation import bucket as bills
from order_intake import drops as orders
from review_scanner import app, report_files
from review_scanner import drops as reviews

SECRET = "0123456789abcdef" * 2
FOLDER = f"2026-W45-{SECRET}"
PAGE = "reviews-2026-W45.html"


class S3:
    """Answers every read with one error."""

    def __init__(self, code: str) -> None:
        self._code = code

    def get_object(self, **_: Any) -> None:
        if not self._code:
            raise EndpointConnectionError(endpoint_url="https://bucket.example")
        raise ClientError({"Error": {"Code": self._code}}, "GetObject")


def reads(s3: S3, path: Path) -> list[Any]:
    """Each way by which a function reads what it was told of."""
    return [
        lambda: orders._fetch(s3, "drop", "inbox/tb1/a.csv", None),
        lambda: reviews._fetch(s3, "drop", "reviews/tb1/a.csv", None),
        lambda: bills.fetch(s3, bills.Drop("drop", "bills/sf/a.csv"), path / "bill"),
    ]


@pytest.mark.parametrize("code", ["NoSuchKey", "404"])
def test_a_file_that_is_gone_is_not_asked_for_again(code, tmp_path):
    for read in reads(S3(code), tmp_path):
        with pytest.raises(Gone, match="taken away"):
            read()


@pytest.mark.parametrize("code", ["AccessDenied", "403"])
def test_a_denied_file_is_named_with_both_causes_and_not_asked_for_again(code, tmp_path):
    for read, folder in zip(reads(S3(code), tmp_path), ("inbox", "reviews", "bills"), strict=True):
        with pytest.raises(BadInput, match=rf"denies {folder}/\w+/a\.csv: .*read.*gone") as caught:
            read()
        assert not isinstance(caught.value, Gone)


@pytest.mark.parametrize("code", ["SlowDown", "InternalError", ""])
def test_s3_out_of_order_is_tried_again(code, tmp_path):
    for read in reads(S3(code), tmp_path):
        with pytest.raises(Unreachable, match=code or "EndpointConnectionError") as caught:
            read()
        assert caught.value.retry


def test_an_error_without_an_answer_has_the_name_of_its_kind():
    assert "OSError" in str(not_read(OSError("no"), "a"))


@pytest.fixture
def page_for(aws_environment: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Ask for the page of a report, S3 answering with an error."""

    class Context:
        function_name = memory_limit_in_mb = aws_request_id = "x"
        invoked_function_arn = "arn:aws:lambda:eu-west-1:123456789012:function:x"

    def ask(code: str) -> dict[str, Any]:
        monkeypatch.setitem(aws._clients, "s3", S3(code))
        monkeypatch.setenv("REPORT_BUCKET", "drop")
        asked = {"pathParameters": {"folder": FOLDER, "name": PAGE}}
        answer: dict[str, Any] = app.page_handler(asked, Context())
        return answer

    return ask


def test_a_page_that_is_gone_is_not_found_and_nobody_is_told(page_for, caplog):
    assert page_for("NoSuchKey")["statusCode"] == 404
    assert not caplog.records


def test_a_denied_page_is_not_found_and_the_log_names_it_without_its_secret(page_for, caplog):
    assert page_for("AccessDenied")["statusCode"] == 404
    (told,) = caplog.records
    assert told.levelname == "ERROR"
    assert f"reports/reviews/2026-W45-…/{PAGE}" in told.reason
    assert SECRET not in str(vars(told))


def test_a_page_is_no_404_where_s3_does_not_answer():
    with pytest.raises(Unreachable):
        report_files.page_of(S3("SlowDown"), "drop", FOLDER, PAGE)
