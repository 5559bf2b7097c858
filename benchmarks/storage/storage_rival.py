"""One rival's way of storing small results, in an environment that holds the rival and nothing of ours.

    python storage_rival.py RIVAL ENDPOINT WRITES

Prints one line of JSON: writes, seconds of the clock and of the processor.
"""

import json
import resource
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

THREADS = 16
BODY = b"x" * 10_000
KEY_ID, KEY = "an-id", "a-key"

Put = Callable[[str], object]


def smart_open_put(endpoint: str) -> Put:
    """smart_open, as a single part, the client shared."""
    import boto3
    import smart_open

    client = boto3.client(
        "s3",
        endpoint_url=endpoint,
        region_name="us-east-1",
        aws_access_key_id=KEY_ID,
        aws_secret_access_key=KEY,
    )

    def put(key: str) -> None:
        parameters = {"client": client, "multipart_upload": False}
        with smart_open.open(f"s3://bucket/{key}", "wb", transport_params=parameters) as file:
            file.write(BODY)

    return put


def s3fs_put(endpoint: str) -> Put:
    """s3fs, one file system shared."""
    import s3fs

    files = s3fs.S3FileSystem(key=KEY_ID, secret=KEY, endpoint_url=endpoint)
    return lambda key: files.pipe_file(f"bucket/{key}", BODY)


def runpod_put(endpoint: str) -> Put:
    """RunPod's rp_upload, whose helper makes a client for each call."""
    from runpod.serverless.utils import rp_upload

    credentials = {"endpointUrl": endpoint, "accessId": KEY_ID, "accessSecret": KEY}
    return lambda key: rp_upload.upload_in_memory_object(key, BODY, credentials, "bucket")


def measure(put: Put, writes: int) -> dict[str, float]:
    """Put `writes` objects, THREADS at once."""
    put("warm")
    usage = resource.getrusage(resource.RUSAGE_SELF)
    before, started = usage.ru_utime + usage.ru_stime, time.perf_counter()
    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(lambda number: put(f"k{number}"), range(writes)))
    seconds = time.perf_counter() - started
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return {"writes": writes, "seconds": seconds, "cpu": usage.ru_utime + usage.ru_stime - before}


if __name__ == "__main__":
    rival, endpoint, writes = sys.argv[1:]
    print(json.dumps(measure(globals()[f"{rival}_put"](endpoint), int(writes))))
