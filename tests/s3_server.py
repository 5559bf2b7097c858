"""moto's S3 over a socket, with create-only writes that are one step: the S3 of every test.

moto first looks for a key and then writes it, so two of its threads may both be told that they were first. S3
tells one of them, and the tests rely on that.

As a program, for tests that measure a store's memory, it prints its port and ends when its standard input
does: with the tests, however they end.
"""

import functools
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Lock
from typing import ParamSpec, TypeVar

import boto3
from moto.s3.responses import S3Response
from moto.server import ThreadedMotoServer

P = ParamSpec("P")
R = TypeVar("R")

_one_writer = Lock()


def _one_at_a_time(method: Callable[P, R]) -> Callable[P, R]:
    @functools.wraps(method)
    def locked(*args: P.args, **kwargs: P.kwargs) -> R:
        with _one_writer:
            return method(*args, **kwargs)

    return locked


# The body has been read by then: a slow writer does not block others.
for method in (S3Response.put_object, S3Response._key_response_post):
    setattr(S3Response, method.__name__, _one_at_a_time(method))


@contextmanager
def s3_server() -> Iterator[str]:
    """The endpoint of a new server, which ends with the block."""
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    try:
        yield f"http://{host}:{port}"
    finally:
        server.stop()


@contextmanager
def s3_with_bucket(bucket: str) -> Iterator[str]:
    """The endpoint of a new server with one bucket. It accepts every access key."""
    with s3_server() as endpoint:
        client = boto3.client(
            "s3",
            endpoint_url=endpoint,
            region_name="us-east-1",
            aws_access_key_id="any",
            aws_secret_access_key="any",
        )
        client.create_bucket(Bucket=bucket)
        client.close()
        yield endpoint


if __name__ == "__main__":
    with s3_server() as served:
        print(served.rpartition(":")[2], flush=True)
        sys.stdin.read()
