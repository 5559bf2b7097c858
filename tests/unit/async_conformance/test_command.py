"""`truss-async conformance`: what it asks, what it refuses, what it writes."""

import json
import socket
from typing import Any

import pytest

from async_conformance.rows import ROWS
from tests.unit.async_conformance.conftest import written

KEYS = ("--only", "keys", "--yes")


@pytest.fixture
def refused(run):
    def refused(code: int, message: str, *arguments: str, **given) -> None:
        """The command ends with this code and a last line that holds this message."""
        result = run(*arguments, **given)
        assert (result.exit_code, result.stdout) == (code, ""), result.output
        assert "Traceback" not in result.stderr
        assert message in result.stderr.splitlines()[-1]

    return refused


def test_a_row_is_a_line_and_the_report_holds_no_key(run, service, path, api_key):
    result = run(*KEYS, "--webhook-secret", "whsec_sesame")
    assert (result.exit_code, result.stdout) == (0, "same       keys\n"), result.output
    assert "1 rows, at most 2 calls, about 1 min" in result.stderr
    assert "1 same, 0 differs, 0 not tried; 3 calls" in result.stderr
    report = written(path)
    assert (report["format"], report["is_finished"], report["calls"]) == (1, False, 3)
    assert report["target"] == f"{service.url}/production/async_predict"
    assert report["rows"]["keys"]["seen"] == {"Bearer": 200, "Api-Key": 200}
    text = path.read_text(encoding="utf-8")
    assert api_key not in text
    assert "whsec" not in text
    assert [each.name for each in path.parent.iterdir()] == [path.name]


def test_a_row_that_differs_says_what_was_expected_and_seen(run, service, path):
    service.answer("POST", "/production/wake", 200, {})
    result = run("--only", "wake", "--yes")
    assert result.exit_code == 1
    assert result.stdout.splitlines() == ["differs    wake", "             status: expected 202, seen 200"]
    row = written(path)["rows"]["wake"]
    assert (row["outcome"], row["expected"], row["seen"]) == ("differs", {"status": 202}, {"status": 200})


def test_json_is_the_report(run, service, path):
    result = run(*KEYS, "--json")
    assert json.loads(result.stdout)["rows"]["keys"]["outcome"] == "same"
    assert result.exit_code == 0


def test_nothing_is_called_before_it_is_agreed_to(run, api, path):
    result = run("--only", "keys")
    assert (result.exit_code, api.calls) == (2, [])
    assert result.stderr.splitlines()[-1] == "truss-async: nothing was called: give --yes to agree to this"
    assert not path.exists()


def all_but(name: str, *, is_finished: bool, url: str) -> dict[str, Any]:
    """The report of a run in which one row is left."""
    rows = {row.name: {"word": row.word, "outcome": "same"} for row in ROWS if row.name != name}
    target, time = f"{url}/production/async_predict", "2026-01-01T00:00:00Z"
    started: dict[str, Any] = {"format": 1, "target": target, "started_at": time, "calls": 7}
    return {**started, "rows": rows, "is_finished": is_finished}


def test_an_interrupted_run_goes_on_where_it_stopped(run, service, path):
    service.answer("POST", "/production/wake", 202, {})
    path.write_text(json.dumps(all_but("wake", is_finished=False, url=service.url)))
    result = run("--yes")
    assert f"has {len(ROWS) - 1} rows already; 1 rows, at most 1 calls" in result.stderr
    assert (result.exit_code, result.stdout) == (0, "same       wake\n")
    assert (len(written(path)["rows"]), written(path)["calls"]) == (len(ROWS), 7 + 2)
    assert written(path)["is_finished"] is True


@pytest.mark.parametrize(("is_finished", "arguments"), [(True, []), (False, ["--fresh"])])
def test_a_finished_run_begins_anew_and_so_does_a_fresh_one(run, service, path, is_finished, arguments):
    path.write_text(json.dumps(all_but("wake", is_finished=is_finished, url=service.url)))
    result = run("--yes", "--max-calls", "1", *arguments)
    assert "stopped early" in result.stderr or "not tried" in result.stdout
    assert written(path)["rows"].get("keys", {}).get("outcome") != "same"


def test_a_row_that_is_asked_for_is_tried_again_and_the_others_are_kept(run, service, path):
    path.write_text(json.dumps(all_but("wake", is_finished=True, url=service.url)))
    service.answer("POST", "/production/wake", 200, {})
    assert run("--only", "wake", "--yes").exit_code == 1
    assert len(written(path)["rows"]) == len(ROWS)
    assert run(*KEYS).stdout == "same       keys\n"
    assert run(*KEYS).exit_code == 0  # of the rows that were asked for
    assert written(path)["rows"]["wake"]["outcome"] == "differs"


def test_a_key_that_the_target_repeats_does_not_reach_the_report(run, service, path, api_key):
    service.answer("GET", "/conformance", 404, {"error": api_key, "error_code": f"x{api_key}"})
    result = run("--only", "error bodies", "--yes", "--webhook-secret", "whsec_sesame")
    assert "(hidden)" in path.read_text(encoding="utf-8")
    assert api_key not in path.read_text(encoding="utf-8") + result.output


def test_a_spent_budget_stops_early_and_the_next_run_goes_on(run, service, path):
    result = run(*KEYS, "--max-calls", "2")  # the model is asked first
    assert (result.exit_code, result.stdout) == (3, "")
    assert "stopped early: all 2 calls are made (--max-calls); the same command goes on" in result.stderr
    assert written(path)["is_finished"] is False
    assert run(*KEYS).exit_code == 0


def test_a_key_that_is_refused(refused, api, path):
    api.answer("GET", "/production/async_queue_status", 401, {"error": "please check the api-key"})
    refused(1, "answered 401: please check the api-key", *KEYS)
    assert len(api.calls) == 1
    assert not path.exists()


def test_a_storm_of_429(refused, api):
    api.answer("GET", "/production/async_queue_status", 429, {"error": "slow down"})
    refused(1, "answered 429: slow down", *KEYS)


def test_nobody_answers(refused):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
    refused(1, f"nothing answers at {url}", *KEYS, "--base-url", url)


@pytest.mark.parametrize(
    ("status", "body", "said"),
    [
        (200, {"output": 1}, "the model answered 200: another output"),
        (200, {"conformance_truss": 0}, "it has version 0 where 1 is needed: push it again"),
        (500, {"error": "é"}, "the model answered 500: é"),
        (200, b"<html>", "the model answered 200: another output"),
        (400, {"error": "no", "error_code": "model_not_ready"}, "the model answered 400 model_not_ready: no"),
    ],
)
def test_another_model_is_refused_in_one_line(refused, api, status, body, said):
    api.answer("GET", "/production/async_queue_status", 200, {})
    api.answer("POST", "/production/predict", status, body)
    refused(2, f"the model: {said}; the rows need the Truss of examples/conformance", *KEYS)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--base-url", "http://user:sesame@host"], "must not hold a user or password"),
        (["--only", "kéys"], "there is no row 'kéys'"),
        (["--receive", "9000"], "--webhook-url and --receive belong together"),
        (["--webhook-url", "https://example.com"], "--webhook-url and --receive belong together"),
        (["--webhook-url", "http://example.com", "--receive", "9"], "--webhook-url: must use https"),
        (["--webhook-url", "https://a:sesame@b", "--receive", "9"], "must not hold a user, a query"),
        (["--webhook-url", "https://b?key=sesame", "--receive", "9"], "must not hold a user, a query"),
        (["--max-minutes", "0"], "--max-minutes"),
        (["--max-calls", "many"], "--max-calls"),
        (["--model-id", "a", "--chain-id", "b"], "give one of them"),
    ],
)
def test_what_cannot_be_run_is_refused_before_any_call(refused, api, arguments, message):
    refused(2, message, "--yes", *arguments)
    assert api.calls == []


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b'{"format": 0, "rows": {}}', "has format 0, and this version reads 1"),
        ('{"format": "é漢"}'.encode(), "has format é漢, and this version reads 1"),
        (b"{}", "is no report"),
        (b"[]", "is no report"),
        (b"", "is not JSON"),
        (b"\xff", "is not JSON"),
        (b"[" * 100_000, "is not JSON"),
        (b'{"format": 1}', "is broken: target: Field required"),
        (
            b'{"format": 1, "target": "http://other", "started_at": "2026-01-01T00:00:00Z"}',
            "that of http://o",
        ),
    ],
)
def test_a_report_that_cannot_be_gone_on_with_is_refused_and_kept(refused, api, path, content, message):
    path.write_bytes(content)
    refused(2, message, *KEYS)
    assert path.read_bytes() == content
    assert api.calls == []


def test_a_report_that_cannot_be_written_is_refused(refused, service, tmp_path):
    refused(2, "cannot be written: No such file or directory", *KEYS, report=tmp_path / "none" / "r.json")


def test_a_webhook_url_that_leads_elsewhere_is_refused(refused, service):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    elsewhere = f"http://localhost:{service.url.rpartition(':')[2]}"
    refused(2, "does not lead to --receive", *KEYS, "--receive", str(port), "--webhook-url", elsewhere)


def test_a_port_that_is_taken(refused, service):
    port = service.url.rpartition(":")[2]
    refused(2, "--receive: port", *KEYS, "--receive", port, "--webhook-url", f"http://localhost:{port}")
