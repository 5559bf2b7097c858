"""The URL of a result, where the settings name more than one place."""

import json

import pytest

SETTINGS = """
model_metadata:
  truss_outputs:
    url: %s/{environment}
    environments: {staging: {url: %s/own}}
    destinations: {archive: %s/archive, each: "%s/{model_id}/{deployment_id}"}
"""


@pytest.fixture
def truss(tmp_path):
    folder = tmp_path / "truss"
    folder.mkdir()
    (folder / "config.yaml").write_text(SETTINGS.replace("%s", "file:///results"))
    return str(folder)


@pytest.mark.parametrize(
    ("options", "place"),
    [
        ((), "none"),  # the emulator's model is in no environment
        (("--model-id", "abc"), "production"),
        (("--model-id", "abc", "--environment", "development"), "none"),
        (("--model-id", "abc", "--environment", "staging"), "own"),
        (("--model-id", "abc", "--environment", "other"), "other"),
        (("--destination", "archive"), "archive"),
        (("--destination", "each", "--model-id", "abc", "--deployment-id", "def"), "abc/def"),
    ],
)
def test_submit_tells_where_the_result_will_be(run, api, truss, options, place):
    path = "/production/async_predict"
    for environment in ("staging", "other"):
        if environment in options:
            path = f"/environments/{environment}/async_predict"
    path = "/development/async_predict" if "development" in options else path
    path = "/deployment/def/async_predict" if "def" in options else path
    api.answer("POST", path, 201, {"request_id": "r1"})
    result = run("submit", "{}", "--truss-dir", truss, "--json", *options)
    assert json.loads(result.stdout)["result_url"] == f"file:///results/{place}/r1/result.json"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--destination", "nowhere"), "there is no destination 'nowhere'; allowed: archive, each"),
        (("--destination", "each"), "the url of the results has {model_id} in it: give --model-id"),
        (("--destination", "each", "--model-id", "abc"), "has {deployment_id} in it: give --deployment-id"),
    ],
)
def test_a_place_that_is_not_known_is_said_before_anything_is_queued(refused, api, truss, options, message):
    refused(2, message, "submit", "{}", "--truss-dir", truss, *options)
    refused(2, message, "fetch", "r1", "--truss-dir", truss, *options)
    assert api.calls == []


def test_fetch_looks_in_the_environment_it_is_told(refused, truss):
    where = ("--environment", "staging", "--truss-dir", truss)
    refused(1, "file:///results/own/r1/result.json: not found", "fetch", "r1", *where)
