"""The desk reads botocore's service models its own way, and reads the same as botocore."""

import pytest
from botocore.exceptions import DataNotFoundError, UnknownServiceError
from botocore.loaders import Loader

from aftersales import aws
from aftersales.service_models import ServiceModels

SERVICES = ("dynamodb", "sqs", "s3", "sns", "ssm", "secretsmanager", "sts")


@pytest.mark.parametrize("service", SERVICES)
@pytest.mark.parametrize("kind", ["service-2", "endpoint-rule-set-1"])
def test_a_service_model_is_read_as_botocore_reads_it(service: str, kind: str) -> None:
    assert ServiceModels().load_service_model(service, kind) == Loader().load_service_model(
        service, kind
    )


@pytest.mark.parametrize("name", ["endpoints", "partitions", "_retry", "sdk-default-configuration"])
def test_what_holds_for_all_services_is_read_as_botocore_reads_it(name: str) -> None:
    assert ServiceModels().load_data(name) == Loader().load_data(name)


def test_a_service_that_does_not_exist_is_refused_by_its_name() -> None:
    with pytest.raises(UnknownServiceError, match="carrier_pigeon"):
        ServiceModels().load_service_model("carrier_pigeon", "service-2")


def test_a_file_that_does_not_exist_is_named() -> None:
    with pytest.raises(DataNotFoundError, match="no-such-data"):
        ServiceModels().load_data("no-such-data")


def test_the_one_session_reads_its_models_this_way(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_REGION", "cn-north-1")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "cn-north-1")
    aws.forget()
    try:
        assert isinstance(aws.session().get_component("data_loader"), ServiceModels)
        assert aws.client("sqs").meta.endpoint_url == "https://sqs.cn-north-1.amazonaws.com.cn"
    finally:
        aws.forget()
