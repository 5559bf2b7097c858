from typing import Any

import pytest

from async_inference.cli.checks.egress import check_egress
from truss_outputs.settings.outputs import OutputSettings

S3 = {"url": "s3://bucket/x", "region": "eu-west-1"}
ROLE = "arn:aws:iam::123456789012:role/writer"


def problems(section: dict[str, Any], restrictions: object) -> list[str]:
    config = {"model_metadata": {"truss_outputs": section}, "runtime": {"egress_restrictions": restrictions}}
    return [str(each.problem) for each in check_egress(config, OutputSettings.from_config(config, {}))]


@pytest.mark.parametrize(
    ("section", "restrictions"),
    [
        (S3, None),
        (S3, {"fqdn_allow_list": ["bucket.s3.eu-west-1.amazonaws.com"]}),
        (S3, {"fqdn_allow_list": ["*.AmazonAWS.com"]}),
        (S3 | {"endpoint_url": "https://minio.example.com:9000"}, {"fqdn_allow_list": ["minio.example.com"]}),
        (S3 | {"endpoint_url": "http://10.1.2.3:9000"}, {"ip_allow_list": ["nonsense", "10.0.0.0/8"]}),
        ({"url": "file:///tmp/x"}, {}),
        ({"url": "gs://bucket"}, {"fqdn_allow_list": ["*.googleapis.com"]}),
    ],
)
def test_nothing_is_wrong_with_these(section: dict[str, Any], restrictions: object) -> None:
    assert problems(section, restrictions) == []


@pytest.mark.parametrize(
    ("section", "restrictions", "missing"),
    [
        (S3, {}, ["bucket.s3.eu-west-1.amazonaws.com"]),
        (S3, {"fqdn_allow_list": ["pypi.org"]}, ["bucket.s3.eu-west-1.amazonaws.com"]),
        (S3 | {"url": "s3://my.bucket"}, {}, ["s3.eu-west-1.amazonaws.com"]),
        (S3 | {"role_arn": ROLE}, {"fqdn_allow_list": ["bucket.*"]}, ["sts.eu-west-1.amazonaws.com"]),
        ({"url": "s3://bucket", "engine": "sdk"}, {}, ["bucket.s3.amazonaws.com"]),
        ({"url": "s3://bucket", "engine": "obstore"}, {}, ["bucket.s3.us-east-1.amazonaws.com"]),
        (
            S3 | {"destinations": {"eu": "s3://other"}},
            {"fqdn_allow_list": ["bucket.*"]},
            ["other.s3.eu-west-1"],
        ),
        (S3 | {"endpoint_url": "http://10.1.2.3:9000"}, {"fqdn_allow_list": ["*"]}, ["10.1.2.3"]),
        ({"url": "gs://bucket"}, {"fqdn_allow_list": ["storage.*"]}, ["oauth2.googleapis.com"]),
        (
            {"url": "az://results", "account_name": "pictures"},
            {},
            ["pictures.blob.core.windows.net", "login.microsoftonline.com"],
        ),
        (S3, 7, ["found int; write fqdn_allow_list"]),
        (S3, {"fqdn_allow_list": "s3"}, ["fqdn_allow_list: found str; write a list"]),
    ],
)
def test_a_host_that_is_left_out_is_named(
    section: dict[str, Any], restrictions: object, missing: list[str]
) -> None:
    found = problems(section, restrictions)
    assert len(found) == len(missing), found
    for problem, host in zip(found, missing, strict=True):
        assert problem.startswith("runtime.egress_restrictions")
        assert host in problem
