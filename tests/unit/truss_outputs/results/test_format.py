"""The documents of format 1: the schemas in docs/ are the code's, and what is written keeps to them."""

import json
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator, ValidationError

from tests.unit.truss_outputs.faulty_store import FaultyStore
from truss_outputs import Artifact, OutputWriter
from truss_outputs.results.failures import failure_of

DOCS = Path(__file__).resolve().parents[4] / "docs"


def validate(name: str, document: bytes) -> None:
    schema = json.loads((DOCS / name).read_text(encoding="utf-8"))
    Draft202012Validator.check_schema(schema)
    Draft202012Validator(schema).validate(json.loads(document))


def test_the_schemas_are_those_that_the_code_makes(tmp_path):
    subprocess.run([sys.executable, DOCS / "schemas.py", tmp_path], check=True)
    made = {path.name: path.read_text() for path in tmp_path.iterdir()}
    assert made == {path.name: path.read_text() for path in DOCS.glob("*.schema.json")}, "run make schemas"


@pytest.mark.parametrize("output", [{"n": 1}, None, b"bytes", {"a": [Artifact(b"1", "text/plain"), b"x"]}])
def test_a_stored_result_keeps_to_its_schema(store: FaultyStore, writer: OutputWriter, output):
    writer.write(output, "r1")
    validate("result.schema.json", store.get("r1/result.json"))


def test_a_failure_keeps_to_its_schema():
    failure = failure_of(ValueError("é"), "r1", time=datetime(2026, 1, 1, tzinfo=UTC), with_traceback=True)
    validate("failure.schema.json", failure.model_dump_json().encode())


def test_the_schema_refuses_what_is_no_result():
    with pytest.raises(ValidationError, match="is a required property"):
        validate("result.schema.json", b'{"request_id": "r1"}')
