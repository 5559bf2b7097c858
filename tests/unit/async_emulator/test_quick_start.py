import subprocess
import sys

WHAT_STARTS_A_SERVER = """
import sys
import async_inference.cli.main, async_inference.cli.checks.outputs
import async_emulator.command.serve, async_emulator.command.foreground, async_emulator.command.settings
import async_emulator.deployments.served_model
import async_emulator.deployments.served_chain
slow = {"aiohttp", "httpx", "prometheus_client", "pydantic", "pydantic_core", "starlette", "truss", "uvicorn"}
print(sorted(slow & set(sys.modules)))
"""


def test_a_models_server_is_started_before_anything_slow_is_imported():
    ran = subprocess.run(
        [sys.executable, "-c", WHAT_STARTS_A_SERVER], capture_output=True, text=True, check=True
    )
    assert ran.stdout == "[]\n"
