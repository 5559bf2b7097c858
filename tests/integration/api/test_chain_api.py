"""The API as callers of a chain meet it; what runs the chain is no matter of the API's."""

import pytest

from async_inference.codes import Kind

TARGETS = ["", "/production", "/development", "/environments/staging", "/deployment/deployment"]
HOST = {"Host": "chain-c1.api.baseten.co"}


@pytest.fixture
async def chain(platform):
    platform.serve(kind=Kind.CHAIN, owner_id="c1")
    platform.open(1)
    platform.deployment.is_deployed = True
    return platform


@pytest.mark.closeness("run remote")
@pytest.mark.parametrize("target", TARGETS)
async def test_every_target_path_runs_and_queues(chain, target):
    ran = await chain.http.post(f"{target}/run_remote", json={"a": 1})
    assert (ran.status_code, ran.json()) == (200, {"a": 1})
    queued = await chain.http.post(f"{target}/async_run_remote", json={"model_input": {"a": 1}})
    assert queued.status_code == 201
    await chain.settle()
    assert chain.attempts[0].model_input == b'{"a":1}'
    assert (await chain.http.post(f"{target}/wake")).status_code == 202


async def test_the_status_names_the_chain(chain):
    accepted = await chain.http.post("/production/async_run_remote", json={"model_input": {}}, headers=HOST)
    status = await chain.status(accepted.json()["request_id"])
    assert list(status)[:3] == ["request_id", "chain_id", "deployment_id"]
    assert status["chain_id"] == "c1"


@pytest.mark.closeness("queue status")
async def test_the_queue_status_has_a_model_id_too_for_the_platforms_client(chain):
    counts = await chain.http.get("/production/async_queue_status", headers=HOST)
    assert counts.json() == {
        "model_id": "c1",
        "chain_id": "c1",
        "deployment_id": "deployment",
        "num_queued_requests": 0,
        "num_in_progress_requests": 0,
    }


@pytest.mark.closeness("chain webhook")
async def test_a_webhook_of_a_chain_has_the_chains_id_as_its_models(chain):
    body = {"model_input": {}, "webhook_endpoint": "https://example.com/hook"}
    await chain.http.post("/production/async_run_remote", json=body)
    await chain.settle()
    [(_, result)] = chain.receivers.delivered
    assert result.model_id == "c1"


@pytest.mark.parametrize("operation", ["predict", "async_predict"])
async def test_a_chain_has_no_operations_of_a_model(chain, operation):
    response = await chain.http.post(f"/production/{operation}", json={"model_input": {}}, headers=HOST)
    assert response.status_code == 404


async def test_a_raw_body_is_refused_with_the_way_out(chain):
    response = await chain.http.post("/production/async_run_remote", json={"a": 1})
    assert response.status_code == 400
    assert "wrap the chain's arguments" in response.json()["error"]
    assert "--raw-run-remote" in response.json()["error"]


async def test_a_raw_body_is_taken_where_it_is_allowed_with_a_warning(chain, caplog):
    chain.configure(raw_run_remote=True)
    for body in (b'{"a": 1E400}', b'{"model_input": {"a": 1E400}, "priority": 1}'):
        response = await chain.http.post("/production/async_run_remote", content=body)
        assert response.status_code == 201
    await chain.settle()
    assert [attempt.model_input for attempt in chain.attempts] == [b'{"a": 1E400}'] * 2
    assert [record.levelname for record in caplog.records] == ["WARNING"]


@pytest.mark.parametrize("body", [b"[]", b"{", b'{"model_input": {}, "priority": 9}'])
async def test_a_bad_body_is_refused_whatever_is_allowed(chain, body):
    chain.configure(raw_run_remote=True)
    response = await chain.http.post("/production/async_run_remote", content=body)
    assert (response.status_code, response.json()["error_code"]) == (400, "client_error")
