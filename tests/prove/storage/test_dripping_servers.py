"""A server that never ends its answer: a put through obstore ends all the same, in the time that it named."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import suppress

import pytest

from truss_outputs import StoreError, from_url
from truss_outputs.store import EndsInTime
from truss_outputs.stores.credentials import Credentials
from truss_outputs.stores.s3.options import S3Options

pytestmark = pytest.mark.prove

_HEAD = b"HTTP/1.1 500 Internal Server Error\r\nContent-Length: 1000000\r\n"


@pytest.fixture(params=[b"X: ", b"\r\n"], ids=["header", "body"])
def dripping(request: pytest.FixtureRequest) -> Iterator[str]:
    """The url of a server that sends one byte after the other of what `request` begins."""
    ended = threading.Event()

    def drip(client: socket.socket) -> None:
        with client, suppress(OSError):
            client.recv(65_536)
            client.sendall(_HEAD + request.param)
            while not ended.wait(0.05):
                client.sendall(b"x")

    def accept() -> None:
        with suppress(OSError):  # the listener is closed
            while True:
                threading.Thread(target=drip, args=(listener.accept()[0],), daemon=True).start()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=accept, daemon=True).start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        ended.set()
        listener.shutdown(socket.SHUT_RDWR)


def test_a_put_ends_in_the_time_that_it_named(dripping: str) -> None:
    options = S3Options(
        endpoint_url=dripping,
        region="us-east-1",
        credentials=Credentials(access_key_id="id", secret_access_key="key"),
        engine="obstore",
        write_timeout_seconds=1.0,
    )
    store = from_url("s3://bucket", options=options)
    assert isinstance(store, EndsInTime)
    seconds = store.put_seconds(10)
    assert seconds is not None
    started = time.monotonic()
    with pytest.raises(StoreError):
        store.put("a", b"0123456789", content_type="text/plain", create=True)
    assert time.monotonic() - started < seconds
