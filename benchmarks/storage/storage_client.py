"""One way of storing, measured in a process of its own.

    python -m benchmarks.storage_client WAY JOB ENDPOINT

Prints one line of JSON: how many writes, seconds of the clock and of the processor, resident memory before
and at its highest (MB).
"""

import json
import os
import resource
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import IO, Any, cast

SMALL_WRITES = 3_000
SMALL_BYTES = 10_000
THREADS = 16
CHUNK = b"\x5a" * (1 << 20)
BIG_CHUNKS = 1_024
BUCKET = "bucket"
KEYS = {"access_key_id": "an-id", "secret_access_key": "a-key"}

Put = Callable[[str, Any], object]


def small_output() -> dict[str, object]:
    """What a language model returns: 10 KB of JSON, most of it text."""
    usage = {"prompt_tokens": 812, "completion_tokens": 1_904, "total_tokens": 2_716}
    text = "The quick brown fox jumps over the lazy dog. " * 209
    return {
        "text": text,
        "finish_reason": "stop",
        "usage": usage,
        "logprobs": [-0.125 * n for n in range(60)],
    }


def boto3_put(endpoint: str) -> Put:
    """Plain `put_object`, the client shared, its pool as large as the number of threads."""
    import boto3
    from botocore.config import Config

    client = boto3.client(
        "s3",
        endpoint_url=endpoint,
        region_name="us-east-1",
        aws_access_key_id=KEYS["access_key_id"],
        aws_secret_access_key=KEYS["secret_access_key"],
        config=Config(max_pool_connections=THREADS),
    )

    def put(key: str, body: Any) -> None:
        if isinstance(body, Path):
            client.upload_file(str(body), BUCKET, key)
        elif isinstance(body, bytes):
            client.put_object(Bucket=BUCKET, Key=key, Body=body)
        else:
            client.upload_fileobj(cast(IO[bytes], _Readable(body)), BUCKET, key)

    return put


def obstore_put(endpoint: str) -> Put:
    """obstore's bare `put`."""
    import obstore
    from obstore.store import S3Store

    store = S3Store(
        BUCKET,
        endpoint=endpoint,
        region="us-east-1",
        virtual_hosted_style_request=False,
        client_options={"allow_http": True},
        access_key_id=KEYS["access_key_id"],
        secret_access_key=KEYS["secret_access_key"],
    )
    return lambda key, body: obstore.put(store, key, body)


def writer_put(endpoint: str, engine: str) -> Put:
    """Our writer, everything included: encoding, checksums, commit."""
    from truss_outputs import OutputWriter
    from truss_outputs.settings.outputs import OutputSettings

    names = {"access_key_id_secret": "access_key_id", "secret_access_key_secret": "secret_access_key"}
    section = {
        "url": f"s3://{BUCKET}",
        "endpoint_url": endpoint,
        "region": "us-east-1",
        "engine": engine,
        **names,
    }
    settings = OutputSettings.from_config({"model_metadata": {"truss_outputs": section}}, {})
    writer = OutputWriter(settings.open_store(KEYS), model_id="m", deployment_id="d")
    return lambda key, body: writer.write(body, key)


class _Readable:
    """A stream of unknown length, as boto3 wants one."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks = chunks
        self._rest = b""

    def read(self, size: int = -1) -> bytes:
        while size < 0 or len(self._rest) < size:
            chunk = next(self._chunks, b"")
            if not chunk:
                break
            self._rest += chunk
        size = len(self._rest) if size < 0 else size
        taken, self._rest = self._rest[:size], self._rest[size:]
        return taken


def chunks() -> Iterator[bytes]:
    """1 GB, as a model might yield it."""
    for _ in range(BIG_CHUNKS):
        yield CHUNK


def measure(way: str, job: str, endpoint: str) -> dict[str, float]:
    """Do the job once, the way it says."""
    put = _connect(way, endpoint)
    is_writer = way.startswith("writer")
    put(f"warm-{os.getpid()}", small_output() if is_writer else b"warm")
    before_mb, cpu = _resident_mb(), _cpu()
    started = time.perf_counter()
    if job == "small":
        body = small_output() if is_writer else json.dumps(small_output()).encode()
        with ThreadPoolExecutor(THREADS) as pool:
            for _ in pool.map(lambda number: put(f"{os.getpid()}-{number}", body), range(SMALL_WRITES)):
                pass
    elif job == "file":
        with tempfile.NamedTemporaryFile() as file:
            for chunk in chunks():
                file.write(chunk)
            file.flush()
            started, cpu = time.perf_counter(), _cpu()
            put(f"file-{os.getpid()}", Path(file.name))
    else:
        put(f"stream-{os.getpid()}", chunks())
    return {
        "seconds": time.perf_counter() - started,
        "cpu": _cpu() - cpu,
        "before_mb": before_mb,
        "peak_mb": _peak_mb(),
    }


def _connect(way: str, endpoint: str) -> Put:
    if way == "boto3":
        return boto3_put(endpoint)
    if way == "obstore":
        return obstore_put(endpoint)
    return writer_put(endpoint, way.removeprefix("writer-"))


def _cpu() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def _resident_mb() -> float:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 1e6


def _peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6


if __name__ == "__main__":
    print(json.dumps(measure(*sys.argv[1:])))
