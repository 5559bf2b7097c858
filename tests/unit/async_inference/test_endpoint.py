import pytest

from async_inference.endpoint import Endpoint
from async_inference.errors import InvalidSetting

HOST = "https://model-abc123.api.baseten.co"


@pytest.mark.parametrize(
    ("target", "path"),
    [
        ({}, "/production"),
        ({"environment": "production"}, "/production"),
        ({"environment": "development"}, "/development"),
        ({"environment": "staging"}, "/environments/staging"),
        ({"deployment_id": "def456"}, "/deployment/def456"),
        ({"environment": "staging", "deployment_id": "def456"}, "/deployment/def456"),
    ],
)
def test_a_target_is_a_path_on_the_models_host(target, path):
    endpoint = Endpoint.of_model("abc123", **target)
    assert endpoint.submit == f"{HOST}{path}/async_predict"
    assert endpoint.async_queue_status == f"{HOST}{path}/async_queue_status"
    assert (endpoint.predict, endpoint.wake) == (f"{HOST}{path}/predict", f"{HOST}{path}/wake")


def test_a_chain_has_a_host_and_an_operation_of_its_own():
    endpoint = Endpoint.of_chain("xyz", environment="staging")
    assert endpoint.submit == "https://chain-xyz.api.baseten.co/environments/staging/async_run_remote"
    assert endpoint.async_request("r1") == "https://chain-xyz.api.baseten.co/async_request/r1"
    local = Endpoint(base_url="http://127.0.0.1:8080", is_chain=True)
    assert local.submit == "http://127.0.0.1:8080/production/async_run_remote"
    assert local.predict == "http://127.0.0.1:8080/production/run_remote"


def test_a_request_has_no_target():
    endpoint = Endpoint.of_model("abc123", environment="staging")
    assert endpoint.async_request("35643965") == f"{HOST}/async_request/35643965"


@pytest.mark.parametrize(
    "base_url", ["http://127.0.0.1:8080", "http://127.0.0.1:8080/", "http://127.0.0.1:8080//"]
)
def test_any_base_url_has_the_same_paths(base_url):
    endpoint = Endpoint(base_url=base_url)
    assert endpoint.submit == "http://127.0.0.1:8080/production/async_predict"
    assert endpoint.async_request("r1") == "http://127.0.0.1:8080/async_request/r1"


def test_a_base_url_may_have_a_path():
    assert Endpoint(base_url="https://host/chain").submit == "https://host/chain/production/async_predict"


@pytest.mark.parametrize(
    ("url", "local"),
    [("http://127.0.0.1:1", True), ("http://localhost", True), ("http://[::1]:8080", True), (HOST, False)],
)
def test_local_is_what_this_machine_answers(url, local):
    assert Endpoint(base_url=url).is_local is local


@pytest.mark.parametrize(
    "url",
    [
        "",
        "127.0.0.1:8080",
        "ftp://host",
        "http://",
        "http://host:port",
        "http://host:99999",
        "http://host:0",
        "http://host?x=1",
        "http://host#x",
        "http://ho st",
        "http://[::1",
        "http://host\n",
    ],
)
def test_a_base_url_that_is_none_is_refused(url):
    with pytest.raises(InvalidSetting, match=r"^base URL: .* is not a web address such as"):
        Endpoint(base_url=url)


def test_a_password_in_the_base_url_is_not_repeated():
    with pytest.raises(InvalidSetting) as refusal:
        Endpoint(base_url="http://me:sesame@host")
    assert "sesame" not in str(refusal.value)


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "a?b", "a b", "a.b", "ä", "a" * 129, "a\n"])
def test_no_name_leads_to_another_place(name):
    local = Endpoint(base_url="http://127.0.0.1:8080")
    for attempt in (
        lambda: Endpoint.of_model(name),
        lambda: Endpoint.of_model("abc123", environment=name),
        lambda: Endpoint.of_model("abc123", deployment_id=name),
        lambda: local.async_request(name),
    ):
        with pytest.raises(InvalidSetting, match="is not allowed: 1 to 128 letters, digits"):
            attempt()
