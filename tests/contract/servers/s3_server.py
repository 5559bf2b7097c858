"""S3, in a process of its own, so that what it holds is not the store's memory.

It prints its port and ends when its standard input does: with the tests, however they end.
"""

import sys

from tests.s3_server import s3_server

if __name__ == "__main__":
    with s3_server() as endpoint:
        print(endpoint.rpartition(":")[2], flush=True)
        sys.stdin.read()
