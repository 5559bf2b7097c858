import itertools
from collections.abc import Iterator

import pytest

from truss_outputs import SettingsError, from_url
from truss_outputs.inputs.https_source import HttpsSource, InputRefused
from truss_outputs.secrecy.urls import shown_url
from truss_outputs.settings.outputs import OutputSettings
from truss_outputs.stores.s3.options import S3Options

CANARY = "hunter2hunter2"

# Wherever a hand may put a password, or a program a signature.
CREDENTIALS = [
    f"user:{CANARY}@",
    f"user:x/{CANARY}@",
    f"user:{CANARY}/x@",
    f"user:{CANARY}%40",
    f"user:{CANARY}%2540",
    f"user:x?{CANARY}@",
    f"user:x#{CANARY}@",
    f"user:a@{CANARY}@",
    f"{CANARY}@",
    f"\\{CANARY}@",
]
PARAMETERS = [
    f"?X-Amz-Signature={CANARY}",
    f"?sig={CANARY}&x=1",
    f"#token={CANARY}",
    f";token={CANARY}",
    f"&sig={CANARY}",
    f"%3Fsig%3D{CANARY}",
]
SCHEMES = ["s3://", "gs://", "az://", "https://", "https:\\\\", "https:/", "", "file://", "memory://", "x://"]
URLS = [
    *(f"{scheme}{user}bucket/path" for scheme, user in itertools.product(SCHEMES, CREDENTIALS)),
    *(f"{scheme}bucket/path{query}" for scheme, query in itertools.product(SCHEMES, PARAMETERS)),
    f"s3://user:{CANARY}",
    f"AccountName=a;AccountKey={CANARY}",
]


@pytest.mark.parametrize("url", URLS)
def test_no_credentials_of_a_url_are_shown(url: str) -> None:
    assert CANARY not in shown_url(url)


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("s3://bucket/some/prefix", "s3://bucket/some/prefix"),
        ("http://127.0.0.1:9000/account", "http://127.0.0.1:9000/account"),
        ("file:///tmp/a folder/{environment}", "file:///tmp/a folder/{environment}"),
        ("bucket/prefix", "bucket/prefix"),
        ("s3://id:key@bucket/x", "s3://…@bucket/x"),
        ("https://host/x?token=1", "https://host/x…"),
        ("s3://a\nb", "s3://a�b"),
        ("wJalrXUtnFEMIxK7MDENGxbPxRfiCYEXAMPLEKEY", "…"),
        ("x" * 300, "x" * 200 + "…"),
        ("", ""),
    ],
)
def test_all_else_is(url: str, shown: str) -> None:
    assert shown_url(url) == shown


def refusals(url: str) -> Iterator[Exception]:
    """Every refusal of `url`. In a path an '@' may stand, so not every place refuses every url."""
    bucket: dict[str, object] = {"url": "s3://bucket"}
    sections = [{"url": url}, {"url": f"{url}{{nothing}}"}, bucket | {"endpoint_url": url}]
    sections += [
        bucket | {"destinations": {"eu": url}},
        bucket | {"environments": {"production": {"url": url}}},
    ]
    for section in sections:
        try:
            OutputSettings.from_config({"model_metadata": {"truss_outputs": section}}, {})
        except SettingsError as error:
            yield error
    with pytest.raises(SettingsError) as caught:
        from_url("s3://bucket", endpoint_url=url, options=S3Options(region="us-east-1"))
    yield caught.value
    with pytest.raises(InputRefused) as unread:
        HttpsSource(allowed_hosts=()).open(url, limit_bytes=1)
    yield unread.value


@pytest.mark.parametrize("url", URLS)
def test_no_refusal_repeats_them(url: str) -> None:
    for error in refusals(url):
        assert CANARY not in repr(error)
        assert CANARY not in str(vars(error))
        assert (error.__cause__, error.__context__) == (None, None)
