"""What the S3 store sends, and what it makes of refusals that moto's server cannot give."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import pytest
from pydantic import SecretStr

from truss_outputs import Credentials, OutputWriter, S3Store, StoreError, from_url
from truss_outputs.stores.options import Engine
from truss_outputs.stores.s3.client import connect
from truss_outputs.stores.s3.options import S3Options

SECRET = "hunter2hunter2"


@dataclass
class StandIn:
    """Answers every request alike, and keeps what was asked."""

    url: str = ""
    status: int = 200
    body: bytes = b""
    requests: list[tuple[str, str, dict[str, str]]] = field(default_factory=list)


@pytest.fixture
def stand_in() -> Iterator[StandIn]:
    state = StandIn()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self) -> None:
            headers = {name.lower(): value for name, value in self.headers.items()}
            state.requests.append((self.command, self.path, headers))
            self.rfile.read(int(headers.get("content-length", 0)))
            self.send_response(state.status)
            self.send_header("Content-Length", str(len(state.body)))
            self.send_header("Connection", "close")
            self.end_headers()
            self.wfile.write(state.body)

        do_GET = do_PUT = do_DELETE = answer

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    state.url = f"http://127.0.0.1:{server.server_address[1]}"
    yield state
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def store(stand_in: StandIn) -> Iterator[S3Store]:
    credentials = Credentials(access_key_id=SecretStr("KEYID"), secret_access_key=SecretStr(SECRET))
    client = connect(endpoint_url=stand_in.url, region="eu-west-1", credentials=credentials)
    yield S3Store(bucket="bucket", prefix="some/prefix", client=client)
    client.close()


def test_over_http_a_whole_body_is_signed_and_a_part_by_its_checksum(
    store: S3Store, stand_in: StandIn
) -> None:
    store.put("a", b"{}", content_type="application/json")
    [(_, _, headers)] = stand_in.requests
    assert (
        headers["x-amz-content-sha256"] == "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"
    )
    stand_in.requests.clear()
    store.client.upload_part(
        Bucket="bucket", Key="a", UploadId="u", PartNumber=1, Body=b"{}", ChecksumCRC32="o7pAyg=="
    )
    [(_, _, headers)] = stand_in.requests
    assert headers["x-amz-content-sha256"] == "UNSIGNED-PAYLOAD"
    assert "x-amz-checksum-crc32" in headers["authorization"]


def test_a_create_is_one_conditional_put_with_its_checksum(store: S3Store, stand_in: StandIn) -> None:
    store.put("r/result.json", b"{}", content_type="application/json", create=True)
    [(method, path, headers)] = stand_in.requests
    assert (method, path) == ("PUT", "/bucket/some/prefix/r/result.json")
    assert headers["if-none-match"] == "*"
    assert headers["content-type"] == "application/json"
    assert headers["x-amz-checksum-sha256"] == "RBNvo1WzZ4oRRq0W9+hknpT7T8If536DEMBg9hyq/4o="
    assert "expect" not in headers
    assert "if-none-match" in headers["authorization"]
    assert "x-amz-checksum-sha256" in headers["authorization"]


def test_a_put_that_overwrites_has_no_condition(store: S3Store, stand_in: StandIn) -> None:
    store.put("a.png", b"x", content_type="image/png")
    assert "if-none-match" not in stand_in.requests[0][2]


def test_a_large_body_waits_for_the_server_to_want_it(store: S3Store, stand_in: StandIn) -> None:
    store.put("a.bin", b"x" * 1_000_001, content_type="application/octet-stream")
    assert stand_in.requests[0][2]["expect"] == "100-continue"


def test_a_refused_write_names_bucket_and_reason_at_once(store: S3Store, stand_in: StandIn) -> None:
    stand_in.status = 403
    stand_in.body = b"<Error><Code>AccessDenied</Code><Message>KEYID is not welcome</Message></Error>"
    with pytest.raises(StoreError) as caught:
        OutputWriter(store).write({"a": 1}, "request")
    assert str(caught.value) == (
        "s3://bucket/some/prefix/request/result.json: put: AccessDenied: "
        "the credentials may not s3:PutObject here"
    )
    assert [method for method, _, _ in stand_in.requests] == ["PUT"]
    for cause in (caught.value, caught.value.__cause__):
        assert SECRET not in repr(cause)


@pytest.mark.parametrize(
    ("code", "status", "reason"),
    [
        ("ExpiredToken", 400, "the session token has expired"),
        ("RequestTimeTooSkewed", 403, "this machine's clock is wrong"),
        ("SignatureDoesNotMatch", 403, "the secret access key is wrong"),
        ("AccessDenied", 403, "the credentials may not s3:PutObject here"),
    ],
)
@pytest.mark.parametrize("engine", ["sdk", "obstore"])
def test_what_no_retry_can_mend_is_asked_once(
    stand_in: StandIn, engine: Engine, code: str, status: int, reason: str
) -> None:
    stand_in.status = status
    stand_in.body = f"<Error><Code>{code}</Code><Message>for {SECRET}</Message></Error>".encode()
    key = Credentials(access_key_id=SecretStr("KEYID"), secret_access_key=SecretStr(SECRET))
    options = S3Options(engine=engine, endpoint_url=stand_in.url, region="eu-west-1", credentials=key)
    store = from_url("s3://bucket/x", options=options)
    with pytest.raises(StoreError) as caught:
        OutputWriter(store).write({"a": 1}, "request")
    assert str(caught.value) == f"s3://bucket/x/request/result.json: put: {code}: {reason}"
    assert not caught.value.is_transient
    assert len(stand_in.requests) == 1
    if isinstance(store, S3Store):
        store.client.close()


def test_a_listing_that_fails_names_the_bucket(store: S3Store, stand_in: StandIn) -> None:
    stand_in.status = 404
    stand_in.body = b"<Error><Code>NoSuchBucket</Code></Error>"
    with pytest.raises(
        StoreError, match=r"s3://bucket/some/prefix/r: list: NoSuchBucket: there is no such bucket"
    ):
        list(store.list("r"))
