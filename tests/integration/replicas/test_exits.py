"""A model that ends its own server, or tries to, is told in one line, and holds nobody."""

import asyncio

import pytest

from async_emulator.errors import ModelLoadFailed
from async_emulator.replicas.server_process import Door

_LOAD = """
import threading, model_wrapper
free = threading.Thread(target=sys.exit, args=[4])
free.start()
free.join()
threading.Thread(target=model_wrapper.load).start()
time.sleep(60)
"""


async def test_a_load_that_calls_sys_exit_ends_the_server_and_another_thread_may(tree):
    (tree.app / "model_wrapper.py").write_text("import sys\n\ndef load():\n    sys.exit(3)\n")
    with pytest.raises(ModelLoadFailed, match="its server ended with exit code 3"):
        async with asyncio.timeout(20):
            await tree.start(_LOAD)
    assert any(line.endswith("The model called sys.exit while it loaded") for line in tree.lines)


async def test_a_call_that_calls_sys_exit_is_told(capsys):
    async def app(scope: object, receive: object, send: object) -> None:
        raise SystemExit(3)

    async def nothing(*_: object) -> dict[str, object]:
        raise AssertionError("nothing is received or sent")

    call = {"type": "http", "headers": [(b"x-token", b"t")]}
    with pytest.raises(SystemExit):
        await Door(app, b"X-Token: t")(call, nothing, nothing)  # type: ignore[arg-type]
    assert capsys.readouterr().err == "the model called sys.exit(3) in a call, which fails\n"
