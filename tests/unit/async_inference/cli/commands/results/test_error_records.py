"""What a failed attempt stored is shown by the commands about its request."""

import json
from datetime import UTC, datetime

import pytest

from truss_outputs import LocalStore
from truss_outputs.results.failures import failure_key, failure_of

REFUSAL = [{"code": "MODEL_PREDICT_ERROR", "message": "Internal Server Error"}]
JSON_KEYS = ["type", "message", "exit_code", "request_id", "records"]


@pytest.fixture
def record(tmp_path, outputs):
    """Store the record of a failed attempt of r2, and return its url."""

    def record(message: str = "no weights", minute: int = 0) -> str:
        store = LocalStore(tmp_path / "results")
        failure = failure_of(ValueError(message), "r2", time=datetime(2026, 1, 1, 0, minute, tzinfo=UTC))
        key = failure_key("r2", failure.truss_outputs.attempt)
        store.put(key, failure.model_dump_json().encode(), content_type="application/json")
        return store.url_of(key)

    return record


@pytest.mark.parametrize(
    ("command", "ending", "code", "kind"),
    [
        ("wait", "FAILED", 1, "RequestFailed"),
        ("wait", "QUEUED", 3, "WaitTimeout"),
        ("fetch", "FAILED", 1, "ObjectNotFound"),
    ],
)
def test_the_last_attempts_reason_ends_the_command(
    api, run, refused, record, outputs, command, ending, code, kind
):
    api.has_status("r2", ending, errors=REFUSAL)
    record("the first", 1)
    url = record("the last\n of them\x1b[2J", 2)
    arguments = [command, "r2", "--outputs", outputs, *(("--timeout", "0") if ending == "QUEUED" else ())]
    said = f"the last attempt stored its reason: MODEL_PREDICT_ERROR: the last of them\\x1b[2J ({url})"
    refused(code, said, *arguments)
    result = run(*arguments, "--json")
    assert result.exit_code == code
    error = json.loads(result.stdout)["error"]
    assert list(error) == JSON_KEYS
    assert (error["type"], error["exit_code"]) == (kind, code)
    assert [each["message"] for each in error["records"]] == ["the first", "the last of them\\x1b[2J"]
    assert error["records"][1] == {
        "url": url,
        "time": "2026-01-01T00:02:00+00:00",
        "code": "MODEL_PREDICT_ERROR",
        "message": "the last of them\\x1b[2J",
        "exception": "ValueError",
    }
    assert said in result.stderr


def test_status_shows_them(api, run, record, outputs):
    api.has_status("r2", "FAILED", errors=REFUSAL)
    url = record()
    shown = run("status", "r2", "--outputs", outputs).stdout
    assert "MODEL_PREDICT_ERROR: no weights" in shown
    assert url in shown
    answer = json.loads(run("status", "r2", "--outputs", outputs, "--json").stdout)
    assert answer["status"] == "FAILED"
    assert [each["url"] for each in answer["records"]] == [url]


def test_status_needs_no_store(api, run, tmp_path):
    api.has_status("r2", "FAILED", errors=REFUSAL)
    assert run("status", "r2").exit_code == 0
    (tmp_path / "config.yaml").write_text("- no\n- mapping\n")
    result = run("status", "r2", "--json")
    assert (result.exit_code, json.loads(result.stdout)["status"]) == (0, "FAILED")
    assert "the stored reasons cannot be read" in result.stderr


@pytest.mark.parametrize("content", [b"", b"{}", b"\xff", b"x" * 2_000_000])
def test_corrupt_records_are_said_to_be_so(api, run, record, outputs, tmp_path, content):
    api.has_status("r2", "FAILED", errors=REFUSAL)
    for name in ("one.json", "two.json"):
        LocalStore(tmp_path / "results").put(f"r2/errors/{name}", content, content_type="application/json")
    result = run("wait", "r2", "--outputs", outputs)
    assert result.exit_code == 1
    assert "request r2 failed" in result.stderr
    assert f"the error record cannot be read ({outputs}/r2/errors/two.json)" in result.stderr
    url = record("readable")
    assert f"readable ({url})" in run("wait", "r2", "--outputs", outputs).stderr


def test_a_success_has_no_records(run, outputs):
    assert "truss_outputs" in json.loads(run("wait", "r1", "--outputs", outputs, "--json").stdout)


@pytest.mark.parametrize(
    ("arguments", "code", "kind"),
    [
        (["status", "../r1", "--json"], 2, "InvalidSetting"),
        (["status", "r9", "--json"], 1, "NotFound"),
        (["status", "--json"], 2, "UsageError"),
        (["fetch", "r9", "--frob", "--json"], 2, "UsageError"),
        (["fetch", "r9", "--json"], 2, "UsageError"),
        (["submit", "{", "--json"], 2, "UsageError"),
        (["check", "--json"], 2, "UsageError"),
        (["gc", "--json", "--outputs", "ftp://x"], 2, "SettingsError"),
        (["frob", "--json"], 2, "UsageError"),
    ],
)
def test_json_is_one_object_for_every_failure(run, arguments, code, kind):
    result = run(*arguments)
    assert result.exit_code == code
    assert result.stdout.count("\n") == 1
    error = json.loads(result.stdout)["error"]
    assert list(error) == JSON_KEYS
    assert (error["type"], error["exit_code"], error["records"]) == (kind, code, [])
    assert result.stderr == f"truss-async: {error['message']}\n"
