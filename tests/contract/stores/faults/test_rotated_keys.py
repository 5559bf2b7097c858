"""A model runs on when the key that its client was made with is replaced, with either engine."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from fastapi import HTTPException

from tests.contract.stores.faults.test_refusals import WRONG, Strict, engines, strict
from tests.unit.truss_outputs.model_request import REQUEST, request
from truss_outputs import ModelOutputs, OutputReader
from truss_outputs.stores.options import Engine

__all__ = ["strict"]  # a fixture

OUTPUT = {"text": "hé", "small": b"x"}

Change = Callable[[str], None]
"""Puts another secret access key where the model finds it."""


def in_secrets(section: dict[str, Any], strict: Strict) -> tuple[dict[str, str], Change]:
    """As Baseten mounts a secret again."""
    secrets = {"id": strict.key_id, "key": WRONG}
    section |= {"access_key_id_secret": "id", "secret_access_key_secret": "key"}
    return secrets, lambda key: secrets.update(key=key)


@pytest.fixture
def in_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """As a sidecar or a cron job writes the credentials file of AWS's tools again."""
    file = tmp_path / "credentials"
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(file))
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name, raising=False)

    def make(section: dict[str, Any], strict: Strict) -> tuple[dict[str, str], Change]:
        def change(key: str) -> None:
            file.write_text(f"[default]\naws_access_key_id={strict.key_id}\naws_secret_access_key={key}\n")

        change(WRONG)
        return {}, change

    return make


@pytest.fixture(params=["in_secrets", "in_file"])
def where(request: pytest.FixtureRequest) -> Any:
    return in_secrets if request.param == "in_secrets" else request.getfixturevalue(request.param)


@engines
def test_the_new_key_is_taken_up_within_the_request(strict: Strict, engine: Engine, where: Any) -> None:
    section = {
        "url": f"s3://results/rotated-{engine}-{where.__name__}",
        "endpoint_url": strict.endpoint,
        "region": "us-east-1",
        "engine": engine,
    }
    secrets, change = where(section, strict)
    outputs = ModelOutputs.from_truss({"model_metadata": {"truss_outputs": section}}, secrets, environ={})
    change(strict.secret)
    answer = outputs.store(OUTPUT, request())
    for store in strict.open(section["url"].removeprefix("s3://results/"), engine):
        reader = OutputReader(store)
        assert reader.value(reader.load(REQUEST)) == OUTPUT
    assert answer["request_id"] == REQUEST


@engines
def test_a_stream_finds_it_at_its_next_attempt(strict: Strict, engine: Engine) -> None:
    section = {
        "url": f"s3://results/rotated-stream-{engine}",
        "endpoint_url": strict.endpoint,
        "region": "us-east-1",
        "engine": engine,
    }
    secrets, change = in_secrets(section, strict)
    outputs = ModelOutputs.from_truss({"model_metadata": {"truss_outputs": section}}, secrets, environ={})
    change(strict.secret)
    with pytest.raises(HTTPException, match="SignatureDoesNotMatch") as caught:
        outputs.store(iter([b"x"]), request())
    assert caught.value.status_code == 500  # which is tried again
    assert outputs.store(iter([b"x"]), request())["request_id"] == REQUEST
