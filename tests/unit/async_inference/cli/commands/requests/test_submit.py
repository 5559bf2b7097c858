import json
from pathlib import Path

import pytest


@pytest.mark.parametrize("arguments", [['{"a": 1}'], ["@input.json"], ["--file", "input.json"]])
def test_submit_takes_its_input_as_text_or_file(api, run, arguments):
    Path("input.json").write_text('{"a": 1}')
    api.accept("r1")
    result = run("submit", *arguments, "--json")
    assert (result.exit_code, result.stderr) == (0, "")
    assert json.loads(result.stdout) == {"request_id": "r1", "result_url": None}
    assert json.loads(api.calls[0].body) == {"model_input": {"a": 1}}


@pytest.mark.parametrize("arguments", [["-"], ["--file", "-"]])
def test_submit_takes_its_input_from_stdin(api, run, arguments):
    api.accept("r1")
    assert run("submit", *arguments, stdin='"é"').exit_code == 0
    assert json.loads(api.calls[0].body) == {"model_input": "é"}


def test_submit_takes_the_trusss_example(api, run, truss, outputs):
    api.accept("r1")
    result = run("submit", "--example", "--truss-dir", str(truss), "--json")
    assert json.loads(result.stdout) == {"request_id": "r1", "result_url": f"{outputs}/r1/result.json"}
    assert json.loads(api.calls[0].body) == {"model_input": {"prompt": "hello"}}


def test_submit_sends_each_setting(api, run):
    api.accept("r1")
    settings = {
        "--webhook": "https://hook.example/x",
        "--priority": "2",
        "--max-time-in-queue": "60",
        "--max-attempts": "4",
        "--initial-delay-ms": "5",
        "--max-delay-ms": "50",
    }
    run("submit", "{}", *(word for setting in settings.items() for word in setting))
    assert json.loads(api.calls[0].body) == {
        "model_input": {},
        "webhook_endpoint": "https://hook.example/x",
        "priority": 2,
        "max_time_in_queue_seconds": 60,
        "inference_retry_config": {"max_attempts": 4, "initial_delay_ms": 5, "max_delay_ms": 50},
    }


def test_submit_tells_people_what_next(api, run, truss, outputs):
    api.accept("r1")
    result = run("submit", "{}", "--truss-dir", str(truss))
    lines = [line.split(maxsplit=1) for line in result.stdout.splitlines()]
    assert [line[0] for line in lines] == ["request_id", "result", "next"]
    assert [line[1].strip() for line in lines] == [
        "r1",
        f"{outputs}/r1/result.json",
        "truss-async wait r1",
    ]


def test_submit_waits(api, run, truss):
    api.accept("r1")
    result = run("submit", "{}", "--wait", "--json", "--truss-dir", str(truss))
    assert (result.exit_code, result.stderr) == (0, "truss-async: request r1 is queued\n")
    assert json.loads(result.stdout)["data"]["text"] == "hé"


@pytest.mark.parametrize(
    ("target", "path"),
    [
        (["--environment", "staging"], "/environments/staging"),
        (["--environment", "development"], "/development"),
        (["--deployment-id", "d1"], "/deployment/d1"),
    ],
)
def test_submit_calls_the_target(api, run, target, path):
    api.answer("POST", f"{path}/async_predict", 201, {"request_id": "r1"})
    assert run("submit", "{}", *target).exit_code == 0


def test_submit_calls_a_chain(api, run):
    api.answer("POST", "/production/async_run_remote", 201, {"request_id": "r1"})
    assert run("submit", "{}", "--chain-id", "xyz").exit_code == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "give one of INPUT, --file and --example"),
        (["{}", "--example"], "give one of INPUT, --file and --example"),
        (["hello"], "INPUT is not JSON: expected value at line 1 column 1; quote it, or give a file"),
        (['{"a": NaN}'], "INPUT is not JSON"),
        (["@nothing.json"], "nothing.json: No such file or directory"),
        (["--file", "input.bin"], "input.bin is not JSON"),
        (["--example"], "no config.yaml here"),
        (["{}", "--priority", "3"], "--priority: Input should be less than or equal to 2"),
        (["{}", "--priority", "x"], "'x' is not a valid integer"),
        (["{}", "--max-time-in-queue", "9"], "--max-time-in-queue: Input should be greater than"),
        (["{}", "--max-attempts", "11"], "--max-attempts: Input should be less than"),
        (["{}", "--initial-delay-ms", "-1"], "--initial-delay-ms: Input should be greater than"),
        (["{}", "--webhook", "nowhere"], "--webhook: must be an https URL"),
        (["{}", "--base-url", "nowhere"], "base URL: 'nowhere' is not a web address"),
        (["{}", "--base-url", "", "--model-id", "a b"], "model id: 'a b' is not allowed"),
        (["{}", "--base-url", "", "--chain-id", "a b"], "chain id: 'a b' is not allowed"),
        (["{}", "--model-id", "abc", "--chain-id", "xyz"], "found a model id and a chain id"),
        (["{}", "--environment", "a/b"], "environment: 'a/b' is not allowed"),
        (["{}", "--api-key", "two words"], "API key: "),
        (["{}", "--wait"], "no store to look in: give --outputs URL"),
        (["{}", "--outputs", "ftp://x"], "TRUSS_OUTPUTS_URL: found 'ftp://x'; allowed: "),
        (["{}", "--frob"], "--frob"),
    ],
)
def test_submit_refuses_what_cannot_be_sent(api, refused, arguments, message):
    Path("input.bin").write_bytes(b"\xff")
    refused(2, message, "submit", *arguments)
    assert api.calls == []


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ("a: [", "config.yaml: is not YAML"),
        ("just text", "config.yaml: is not a mapping of settings"),
        ("model_name: x", "has no model_metadata.example_model_input"),
        ("model_metadata: x", "config.yaml: model_metadata: is not a mapping of settings"),
        ("model_metadata: {example_model_input: 1, truss_outputs: x}", "model_metadata.truss_outputs: found"),
        ("model_metadata: {example_model_input: 2024-01-01}", "INPUT: "),
    ],
)
def test_a_truss_with_a_mistake_is_named(api, refused, config, message):
    Path("config.yaml").write_text(config)
    refused(2, message, "submit", "--example")
    assert api.calls == []


def test_submit_without_a_store_says_that_the_place_is_not_known(api, run):
    api.accept("r1")
    result = run("submit", "{}")
    assert result.exit_code == 0
    assert "not known: neither --outputs nor a Truss names the store" in result.stdout
    assert "truss-async status r1" in result.stdout
