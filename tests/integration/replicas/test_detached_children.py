"""Real process trees: whatever a model starts ends with its server, and cannot hold the emulator."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Awaitable, Callable

import pytest

from async_emulator.clock import SystemClock
from async_emulator.errors import ModelLoadFailed
from async_emulator.prediction.capacity import Capacity
from async_emulator.replicas import server_process
from async_emulator.replicas.replica import ModelServers, Replica
from async_emulator.replicas.replica_set import ReplicaSet
from tests.integration.replicas.process_tree import Connections, is_alive

pytestmark = pytest.mark.timeout(60)
only_linux = pytest.mark.skipif(sys.platform != "linux", reason="only Linux lets a process adopt orphans")


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not holds():  # noqa: ASYNC110  # processes set no events
            await asyncio.sleep(0.01)


async def within(seconds: float, coroutine: Awaitable[None]) -> None:
    async with asyncio.timeout(seconds):
        await coroutine


@only_linux
@pytest.mark.parametrize("deed", ["in_a_new_session()", "forked_twice()"])
async def test_a_stop_ends_what_the_model_has_detached(tree, deed):
    replica = await tree.start(deed)
    detached = tree.pid("session" if deed.startswith("in") else "daemon")
    await within(5, replica.stop())
    assert not is_alive(detached)
    assert not is_alive(tree.pid("server"))


@only_linux
@pytest.mark.parametrize("is_told", [True, pytest.param(False, marks=pytest.mark.prove)])
async def test_a_crash_is_noticed_and_replaced_although_a_daemon_holds_its_pipe_and_socket(tree, is_told):
    tree.write("forked_twice()")
    replicas = ReplicaSet(
        capacity=Capacity(),
        clock=SystemClock(),
        announce=tree.lines.append,
        log=tree.lines.extend,
        servers=ModelServers(Connections()),
    )
    await replicas.start(tree.spec, 1)
    server, daemon = tree.pid("server"), tree.pid("daemon")
    for name in ("server", "daemon"):
        (tree.app / f"{name}.pid").unlink()
    if is_told:
        assert replicas.kill(0)
    else:
        os.kill(server, signal.SIGKILL)
    await until((tree.app / "server.pid").exists)
    await until(lambda: replicas.active == 1)
    assert not is_alive(daemon)
    code = -9 if is_told else 137
    assert f"replica 1 ended with exit code {code} (SIGKILL); starting another" in tree.lines
    await within(5, replicas.stop())


@only_linux
async def test_a_load_that_fails_is_told_at_once_although_a_daemon_holds_the_pipe(tree):
    with pytest.raises(
        ModelLoadFailed, match=r"its server ended with exit code 3; its code may have called os\._exit"
    ):
        await within(10, tree.start("forked_twice(); time.sleep(0.3); os._exit(3)"))
    assert not is_alive(tree.pid("daemon"))


@pytest.mark.prove
async def test_a_model_that_kills_its_guard_holds_nobody(tree):
    deed = "in_a_new_session()\nimport threading, signal\n"
    deed += "threading.Timer(1, os.kill, (os.getppid(), signal.SIGKILL)).start()\n"
    replica = await tree.start(deed)
    await within(5, _ended(replica))
    await within(5, replica.stop())
    await until(lambda: not is_alive(tree.pid("server")))


async def _ended(replica: Replica) -> None:
    await replica.ended()


def test_a_second_interrupt_ends_at_once():
    script = (
        "import asyncio\nfrom async_emulator.command.foreground import end_on_signals\n"
        "async def serve():\n    end_on_signals(lambda: print('told', flush=True))\n"
        "    print('serving', flush=True)\n    await asyncio.sleep(60)\n"
        "asyncio.run(serve())"
    )
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "serving\n"
        process.send_signal(signal.SIGINT)
        assert process.stdout.readline() == "told\n"
        process.send_signal(signal.SIGINT)
        assert process.wait(5) == -signal.SIGINT


@only_linux
def test_what_is_detached_ends_with_the_emulator_however_that_ends(tree):
    tree.write("in_a_new_session(); forked_twice()")
    with (
        socket.create_server(("127.0.0.1", 0)) as listener,
        subprocess.Popen(
            [sys.executable, server_process.__file__, ".", ".", str(listener.fileno())],
            cwd=tree.app,
            env=tree.spec.environ,
            stdin=subprocess.PIPE,
            pass_fds=[listener.fileno()],
            start_new_session=True,
        ) as guard,
    ):
        assert guard.stdin is not None
        guard.stdin.write(b"X-Token: t\n")
        guard.stdin.flush()
        pids = [tree.pid("session"), tree.pid("daemon")]
        guard.stdin.close()  # as the kernel does at the end of the emulator
        assert guard.wait(10) == -signal.SIGKILL
    assert not any(map(is_alive, pids))
