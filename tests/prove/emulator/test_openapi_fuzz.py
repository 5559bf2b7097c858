"""The API, called as its own description says and otherwise: no answer is a surprise, and none a 5xx."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis import Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.schemas import BaseSchema
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from async_emulator import EmulatorProcess
from async_emulator.api.openapi import openapi_document
from tests.acceptance.conftest import write_truss

pytestmark = [pytest.mark.prove, pytest.mark.timeout(600)]

MODEL = "class Model:\n    def predict(self, model_input):\n        return {'echo': model_input}\n"
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]


@pytest.fixture(scope="module")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmulatorProcess]:
    folder: Path = tmp_path_factory.mktemp("fuzz")
    truss = write_truss(folder / "truss", MODEL)
    arguments = ("--data-dir", folder / "data", "--no-rate-limits", "--no-request-log")
    with EmulatorProcess(truss, *arguments) as emulator:
        emulator.wait_until_ready()
        yield emulator


@pytest.fixture(scope="module")
def described(emulator: EmulatorProcess) -> BaseSchema:
    return schemathesis.openapi.from_url(f"{emulator.base_url}/openapi.json")


# Without a body, nothing can be wrong but the path, and that is varied anyway.
CALLS = [
    (method, path, mode)
    for path, item in openapi_document()["paths"].items()
    for method, described in item.items()
    for mode in GenerationMode
    if mode is GenerationMode.POSITIVE or "requestBody" in described
]


@pytest.mark.parametrize(("method", "path", "mode"), CALLS)
def test_every_answer_is_one_that_is_described(described, emulator, method, path, mode):
    operation = described[path][method.upper()]

    @settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
    @given(case=operation.as_strategy(generation_mode=mode))
    def answers(case: Case[Any]) -> None:
        case.call_and_validate(headers=emulator.headers, checks=CHECKS)

    answers()


def test_the_emulator_has_logged_no_failure_of_its_own(emulator: EmulatorProcess) -> None:
    assert "Traceback" not in emulator.output
    assert "could not be answered" not in emulator.output
