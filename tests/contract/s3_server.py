"""moto's S3, in a process of its own, so that what it holds is not the store's memory.

It prints its port and ends when its standard input does: with the tests, however they end.
"""

import sys

from moto.moto_server.threaded_moto_server import ThreadedMotoServer

if __name__ == "__main__":
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    print(server.get_host_and_port()[1], flush=True)
    sys.stdin.read()
    server.stop()
