import json
from pathlib import Path

import pytest


def test_wait_prints_the_stored_result(run, outputs, tmp_path):
    result = run("wait", "r1", "--outputs", outputs, "--json")
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout == (tmp_path / "results/r1/result.json").read_text() + "\n"


def test_wait_shows_people_the_result_and_its_artifacts(run, truss):
    result = run("wait", "r1", "--truss-dir", str(truss))
    assert result.exit_code == 0
    for shown in ('  "request_id": "r1"', '"text": "hé"', "image.png │ image/png │     4 │"):
        assert shown in result.stdout


def test_wait_needs_no_key(run, api, outputs):
    result = run("wait", "r1", "--outputs", outputs, "--json", key=None)
    assert result.exit_code == 0
    assert "only the store is watched" in result.stderr
    assert api.calls == []


def test_wait_for_a_request_that_failed(api, refused, outputs):
    api.has_status("r2", "FAILED", errors=[{"code": "MODEL_PREDICT_ERROR", "message": "it broke"}])
    refused(1, "request r2 failed: MODEL_PREDICT_ERROR: it broke", "wait", "r2", "--outputs", outputs)


def test_wait_until_the_time_is_up(api, refused, outputs):
    api.has_status("r2", "IN_PROGRESS")
    arguments = ("wait", "r2", "--outputs", outputs, "--timeout", "0.1")
    refused(3, "no result of request r2 after 0.1 s (last seen IN_PROGRESS)", *arguments)


@pytest.mark.parametrize("command", ["wait", "fetch"])
def test_a_request_id_that_names_no_folder(refused, outputs, command):
    refused(2, "request id '../r1' is not allowed", command, "../r1", "--outputs", outputs)


def test_fetch(run, outputs):
    result = run("fetch", "r1", "--outputs", outputs, "--to", "here", "--json", key=None)
    assert (result.exit_code, result.stderr) == (0, "")
    assert json.loads(result.stdout) == {
        "request_id": "r1",
        "files": ["here/r1/image.png", "here/r1/result.json"],
    }
    assert Path("here/r1/image.png").read_bytes() == b"\x89PNG"
    for_people = run("fetch", "r1", "--outputs", outputs)
    assert "r1/image.png" in for_people.stdout
    assert "4 bytes" in for_people.stdout


def test_fetch_of_what_is_not_there(refused, outputs):
    refused(1, f"{outputs}/r2/result.json: not found", "fetch", "r2", "--outputs", outputs)


def test_fetch_into_a_place_that_is_no_folder(refused, outputs):
    Path("taken").mkdir()
    Path("taken/r1").write_text("")
    refused(1, "taken/r1", "fetch", "r1", "--outputs", outputs, "--to", "taken")
    refused(2, "taken/r1", "fetch", "r1", "--outputs", outputs, "--to", "taken/r1")


@pytest.mark.parametrize(
    ("secrets", "who"),
    [({}, "CALLER"), ({"TRUSS_SECRET_bucket_id": "TRUSS", "TRUSS_SECRET_bucket_key": "sesame"}, "TRUSS")],
)
def test_who_has_not_the_trusss_secrets_comes_as_himself(
    refused, api, secret_truss, monkeypatch, secrets, who
):
    for name, value in secrets.items():
        monkeypatch.setenv(name, value)
    refused(1, "s3://bucket/prefix/r1/result.json: not found", "fetch", "r1")
    assert api.calls[0].path == "/bucket/prefix/r1/result.json"
    assert f"Credential={who}/" in api.calls[0].headers["authorization"]


def test_half_of_the_trusss_secrets_is_a_mistake(refused, api, secret_truss, monkeypatch):
    monkeypatch.setenv("TRUSS_SECRET_bucket_id", "TRUSS")
    refused(2, "the secret 'bucket_key' is missing", "fetch", "r1")
    assert api.calls == []
