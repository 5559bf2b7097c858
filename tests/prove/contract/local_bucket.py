"""`localbucket` on a port that the system chose. It prints the port, and ends with its standard input."""

import sys
import threading
from http.server import ThreadingHTTPServer
from pathlib import Path

import localbucket

if __name__ == "__main__":
    localbucket.S3Handler.data_root = Path(sys.argv[1])
    with ThreadingHTTPServer(("127.0.0.1", 0), localbucket.S3Handler) as server:
        print(server.server_port, flush=True)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        sys.stdin.read()
