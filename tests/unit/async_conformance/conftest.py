"""Runs the command in this process, against a small HTTP server with scripted answers."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from async_inference.cli.main import main
from tests.unit.async_inference.conftest import ScriptedApi, api, api_key

__all__ = ["ScriptedApi", "api", "api_key"]

QUEUE = {"model_id": "m1", "deployment_id": "d1", "num_queued_requests": 0, "num_in_progress_requests": 0}


@pytest.fixture
def service(api: ScriptedApi) -> ScriptedApi:
    """The conformance Truss, as far as the row `keys` needs it."""
    api.answer("GET", "/production/async_queue_status", 200, QUEUE)
    api.answer("POST", "/production/predict", 200, {"conformance_truss": 1, "variables": {}})
    return api


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "bérïcht 漢.json"


@pytest.fixture
def run(
    api: ScriptedApi, api_key: str, path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., Result]:
    monkeypatch.chdir(tmp_path)
    for name in ("BASETEN_MODEL_ID", "BASETEN_CHAIN_ID", "BASETEN_WEBHOOK_SECRETS"):
        monkeypatch.delenv(name, raising=False)

    def run(*arguments: str, report: Path | None = None, stdin: str | None = None) -> Result:
        environ = {"TRUSS_ASYNC_BASE_URL": api.url, "BASETEN_API_KEY": api_key}
        given = ["conformance", "--report", str(report or path), *arguments]
        return CliRunner().invoke(main, given, input=stdin, env=environ)

    return run


def written(path: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return content
