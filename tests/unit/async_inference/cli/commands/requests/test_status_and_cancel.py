import json

import pytest


def test_status_for_machines_is_what_the_service_said(api, run):
    api.has_status("r1", "QUEUED")
    result = run("status", "r1", "--json")
    assert (result.exit_code, result.stderr) == (0, "")
    assert json.loads(result.stdout) == {
        "request_id": "r1",
        "model_id": "abc123",
        "deployment_id": "def456",
        "status": "QUEUED",
        "webhook_status": "NO_WEBHOOK_PROVIDED",
        "created_at": "2025-03-27T00:17:51.578558Z",
        "status_at": "2025-03-27T00:18:38.768572Z",
        "errors": [],
    }


def test_status_of_a_failed_request_was_told_all_the_same(api, run):
    errors = [{"code": "MODEL_PREDICT_ERROR", "message": "[red]it broke[/red]"}]
    api.has_status("r1", "FAILED", errors=errors)
    result = run("status", "r1")
    assert result.exit_code == 0
    for shown in ("r1", "FAILED", "2025-03-27 00:18:38", "MODEL_PREDICT_ERROR: [red]it broke[/red]"):
        assert shown in result.stdout


FORGED = "it broke\nstatus SUCCEEDED\x1b[2J\u202e\u2028\x9b1m"


@pytest.mark.parametrize("arguments", [("status",), ("status", "--json"), ("cancel",), ("wait",)])
def test_nothing_that_others_said_begins_a_line_or_steers_the_terminal(api, run, outputs, arguments):
    api.has_status("r2", "FAILED", errors=[{"code": "MODEL_PREDICT_ERROR", "message": FORGED}])
    api.answer("DELETE", "/async_request/r2", 200, {"request_id": "r2", "canceled": False, "message": FORGED})
    command, *options = arguments
    place = () if command == "cancel" else ("--outputs", outputs)
    result = run(command, "r2", *options, *place)
    printed = result.stdout + result.stderr
    assert "it broke" in printed
    assert not set(printed) & set("\x1b\u202e\u2028\x9b")
    assert [line for line in printed.splitlines() if line.startswith("status SUCCEEDED")] == []
    if "--json" in options:
        assert json.loads(result.stdout)["errors"][0]["message"] == FORGED


def test_status_of_an_unknown_request(api, refused):
    api.answer("GET", "/async_request/r1", 404, {"error": "there is no\nasync request 'r1'"})
    refused(1, "answered 404: there is no async request 'r1'", "status", "r1")


@pytest.mark.parametrize("command", ["status", "cancel"])
def test_a_request_id_that_leads_elsewhere(api, refused, command):
    refused(2, "request id: '../r1' is not allowed", command, "../r1")
    assert api.calls == []


@pytest.mark.parametrize(("canceled", "code"), [(True, 0), (False, 1)])
def test_cancel(api, run, canceled, code):
    answer = {"request_id": "r1", "canceled": canceled, "message": "as you see"}
    api.answer("DELETE", "/async_request/r1", 200, answer)
    for_machines = run("cancel", "r1", "--json")
    assert (for_machines.exit_code, json.loads(for_machines.stdout)) == (code, answer)
    for_people = run("cancel", "r1")
    assert for_people.exit_code == code
    assert "as you see" in for_people.stdout
