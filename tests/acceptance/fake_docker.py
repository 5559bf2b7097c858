"""Stands for Docker on the PATH: its containers are small servers, and it writes down how it is called.

FAKE_DOCKER names the folder for what it keeps. A container answers a prediction with what it was given.
"""

import http.server
import json
import os
import signal
import sys
from contextlib import suppress
from pathlib import Path

KEPT = Path(os.environ["FAKE_DOCKER"])


class Server(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self._answer({})

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self._answer({"body": json.loads(body), "headers": sorted(name.lower() for name in self.headers)})

    def _answer(self, answer: object) -> None:
        text = json.dumps(answer).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)


def after(arguments: list[str], option: str) -> list[str]:
    return [arguments[number + 1] for number, each in enumerate(arguments) if each == option]


def run(arguments: list[str]) -> None:
    [name] = after(arguments, "--name")
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Server)
    variables = {each: os.environ.get(each) for each in after(arguments, "--env")}
    (KEPT / f"{name}.json").write_text(
        json.dumps({"pid": os.getpid(), "port": server.server_port, "variables": variables})
    )
    print("the container says so", flush=True)
    server.serve_forever()


def end(name: str) -> None:
    container = KEPT / f"{name}.json"
    if container.exists():
        with suppress(ProcessLookupError):
            os.kill(json.loads(container.read_text())["pid"], signal.SIGKILL)
        container.rename(container.with_suffix(".ended"))


def main() -> None:
    command, *arguments = sys.argv[1:]
    with (KEPT / "calls").open("a") as calls:
        calls.write(json.dumps([command, *arguments]) + "\n")
    if command == "version" and (KEPT / "down").exists():
        sys.exit("Cannot connect to the Docker daemon.\nIs the docker daemon running?")
    if command == "build" and (KEPT / "unbuildable").exists():
        sys.exit(7)
    if command == "run":
        run(arguments)
    if command == "port" and (KEPT / f"{arguments[0]}.json").exists():
        container = json.loads((KEPT / f"{arguments[0]}.json").read_text())
        print(f"127.0.0.1:{container['port']}")
    if command in ("stop", "rm"):
        end(arguments[-1])


if __name__ == "__main__":
    main()
