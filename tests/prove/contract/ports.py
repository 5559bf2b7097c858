"""A free port for a server that cannot choose one, and the wait until it answers."""

import socket
import time
import urllib.error
import urllib.request


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
    return port


def wait_for(url: str, seconds: float = 30.0) -> None:
    """Return once something answers, whatever it says. Raises TimeoutError."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            with urllib.request.urlopen(url, timeout=5):
                return
        except urllib.error.HTTPError:
            return
        except OSError:
            time.sleep(0.1)
    raise TimeoutError(f"{url} does not answer")
