"""Hosts, keys, paths and errors."""

import re
from dataclasses import replace

from async_conformance.row import Facts, NotTried, row
from async_conformance.target import Target

_UNKNOWN = "0123456789abcdef0123456789abcdef"
_ID = re.compile(r"[A-Za-z0-9_-]{1,128}")
_REQUEST_ID = "X-Baseten-Request-Id"


@row(
    "keys",
    proves="both forms of the key are taken",
    expected={"Bearer": 200, "Api-Key": 200},
    calls=2,
)
async def keys(target: Target) -> Facts:
    """Call with each form."""
    url = target.endpoint.async_queue_status
    return {
        scheme: (
            await target.call("GET", url, headers={"Authorization": f"{scheme} {target.api_key}"})
        ).status
        for scheme in ("Bearer", "Api-Key")
    }


@row(
    "a wrong key",
    word="--wrong-key-status",
    proves="how a missing and a wrong key are refused",
    expected={
        "missing key": 401,
        "wrong key": 401,
        "error": "please check the api-key you provided",
        "error_code": "unauthorized",
    },
    calls=2,
    settings={"wrong_key_status": "wrong key"},
)
async def wrong_key(target: Target) -> Facts:
    """Call without a key and with a wrong one."""
    url = target.endpoint.async_queue_status
    missing = await target.call("GET", url, headers={})
    wrong = await target.call("GET", url, headers={"Authorization": "Bearer conformance.wrong"})
    return {
        "missing key": missing.status,
        "wrong key": wrong.status,
        "error": wrong.text("error"),
        "error_code": wrong.text("error_code"),
    }


@row(
    "operations",
    proves="environments and deployments are reached by their paths",
    expected={"/production": 200, "/environments/production": 200, "/deployment/{id}": 200},
    calls=4,
)
async def operations(target: Target) -> Facts:
    """Ask for the queue at each path."""
    endpoint = target.endpoint
    if endpoint.deployment_id or endpoint.environment != "production":
        raise NotTried("the target is not the environment production")
    deployment_id = await _id(target, "deployment_id")
    urls = {
        "/production": endpoint.async_queue_status,
        "/environments/production": f"{endpoint.base_url}/environments/production/async_queue_status",
        "/deployment/{id}": f"{endpoint.base_url}/deployment/{deployment_id}/async_queue_status",
    }
    return {path: (await target.call("GET", url)).status for path, url in urls.items()}


@row(
    "hosts",
    proves="a model's own host takes the paths of targets, and no bare ones",
    expected={"with a target": 200, "bare": 404},
    calls=3,
)
async def hosts(target: Target) -> Facts:
    """Call the model by its host; a server elsewhere gets that name in the Host header."""
    base_url = target.endpoint.base_url
    model_id = await _id(target, "model_id")
    headers = {
        "Authorization": f"Bearer {target.api_key}",
        "Host": f"model-{model_id}.api.baseten.co",
    }
    urls = {"with a target": target.endpoint.async_queue_status, "bare": f"{base_url}/async_queue_status"}
    return {name: (await target.call("GET", url, headers=headers)).status for name, url in urls.items()}


async def _id(target: Target, name: str) -> str:
    """An id in the queue's status. Raises NotTried where it could not be part of a url."""
    found = (await target.queue_status()).text(name)
    if not _ID.fullmatch(found):
        raise NotTried(f"the queue's status has no {name}")
    return found


@row(
    "error bodies",
    proves="what does not exist is answered with an error and its code, and with a request id",
    expected={
        "unknown request": "404 client_error",
        "unknown request, canceled": "404 client_error",
        "unknown deployment": "404 model_does_not_exist",
        "unknown path": "404 client_error",
        "wrong method": "405 client_error",
        "keys": ["error", "error_code"],
        "request id in the header": True,
    },
    calls=5,
)
async def error_bodies(target: Target) -> Facts:
    """Call what is not there."""
    endpoint = target.endpoint
    answers = {
        "unknown request": await target.status(_UNKNOWN),
        "unknown request, canceled": await target.cancel(_UNKNOWN),
        "unknown deployment": await target.call(
            "GET", replace(endpoint, deployment_id="conformance0").async_queue_status
        ),
        "unknown path": await target.call("GET", f"{endpoint.base_url}/conformance"),
        "wrong method": await target.call("PUT", endpoint.async_queue_status),
    }
    odd = [answer.keys for answer in answers.values() if answer.keys != ["error", "error_code"]]
    return {
        **{name: answer.in_short for name, answer in answers.items()},
        "keys": odd[0] if odd else ["error", "error_code"],
        "request id in the header": all(answer.header(_REQUEST_ID) for answer in answers.values()),
        "messages": [answer.text("error") for answer in answers.values()],
    }


@row(
    "described answers",
    proves="every answer is JSON and says so",
    expected=dict.fromkeys(
        ("submit", "status", "cancel", "queue status", "predict", "error"), "application/json"
    ),
    calls=6,
)
async def described_answers(target: Target) -> Facts:
    """Make one call of each kind."""
    submitted = await target.submitted("conformance")
    request_id = submitted.request_id or _UNKNOWN
    answers = {
        "submit": submitted,
        "status": await target.status(request_id),
        "cancel": await target.cancel(request_id),
        "queue status": await target.queue_status(),
        "predict": await target.predict({"do": "describe"}),
        "error": await target.call("GET", target.endpoint.async_request(_UNKNOWN), headers={}),
    }
    return {name: answer.media_type for name, answer in answers.items()}


@row(
    "wake",
    proves="a deployment can be started without a request",
    expected={"status": 202},
    calls=1,
)
async def wake(target: Target) -> Facts:
    """Wake it, though it runs."""
    return {"status": (await target.call("POST", target.endpoint.wake)).status}


ROWS = (keys, wrong_key, operations, hosts, error_bodies, described_answers, wake)
