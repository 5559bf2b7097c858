"""Chains. Any chain will do: its entrypoint is called with arguments that it does not have."""

from typing import TYPE_CHECKING

from async_conformance.row import Facts, Need, NotTried, row
from async_conformance.rows.delivered import payload_of
from async_conformance.target import Target

if TYPE_CHECKING:
    from pydantic import JsonValue

_NEEDS = (Need.CHAIN,)
_ARGUMENTS: "dict[str, JsonValue]" = {"conformance": 1}
_ONCE: "dict[str, JsonValue]" = {"max_attempts": 1}


@row(
    "run remote",
    proves="a chain takes its arguments wrapped as those of a model",
    expected={"status": 201, "keys": ["request_id"]},
    calls=1,
    needs=_NEEDS,
)
async def run_remote(target: Target) -> Facts:
    """Submit wrapped arguments."""
    answer = await target.submitted(_ARGUMENTS, inference_retry_config={**_ONCE})
    return {"status": answer.status, "keys": answer.keys}


@row(
    "bare arguments",
    word="--raw-run-remote",
    proves="whether a chain takes its bare arguments too, as the reference shows them",
    expected={"is taken": False},
    calls=1,
    needs=_NEEDS,
    is_unpublished=True,
    settings={"raw_run_remote": "is taken"},
)
async def bare_arguments(target: Target) -> Facts:
    """Submit bare arguments."""
    answer = await target.call("POST", target.endpoint.submit, body=_ARGUMENTS)
    return {"is taken": answer.status < 400}


@row(
    "status of a chain",
    word="status keys",
    proves="the status of a request to a chain has its chain_id",
    expected={
        "keys": [
            *("request_id", "chain_id", "deployment_id", "status", "webhook_status"),
            *("created_at", "status_at", "errors"),
        ]
    },
    calls=2,
    needs=_NEEDS,
)
async def status_of_a_chain(target: Target) -> Facts:
    """Read the status of a request."""
    request_id = await target.submit(_ARGUMENTS, inference_retry_config={**_ONCE})
    return {"keys": (await target.status(request_id)).keys}


@row(
    "queue of a chain",
    word="queue status",
    proves="the queue's status of a chain has a model_id too, which is the chain's id",
    expected={"status": 200, "model_id": "the chain's id"},
    calls=3,
    needs=_NEEDS,
)
async def queue_of_a_chain(target: Target) -> Facts:
    """Compare the ids of the queue's status with that of a request's."""
    request_id = await target.submit(_ARGUMENTS, inference_retry_config={**_ONCE})
    chain_id = (await target.status(request_id)).field("chain_id")
    answer = await target.queue_status()
    model_id = answer.field("model_id")
    is_the_chains = model_id is not None and model_id == chain_id
    return {"status": answer.status, "model_id": "the chain's id" if is_the_chains else "another, or none"}


@row(
    "chain webhook",
    proves="the webhook of a chain has the chain's id as model_id",
    expected={
        "keys": ["request_id", "model_id", "deployment_id", "type", "time", "data", "errors"],
        "model_id": "the chain's id",
    },
    calls=20,
    needs=(Need.CHAIN, Need.WEBHOOK),
    is_unpublished=True,
)
async def chain_webhook(target: Target) -> Facts:
    """Receive the webhook of a request, whatever its outcome."""
    hook = target.receiver.hook()
    request_id = await target.submit(_ARGUMENTS, webhook_endpoint=hook.url, inference_retry_config={**_ONCE})
    status = await target.ended(request_id)
    if not hook.deliveries:
        raise NotTried("no webhook came, though the url leads here")
    payload = payload_of(hook.deliveries[0])
    is_the_chains = payload.get("model_id") == status.field("chain_id")
    return {"keys": [*payload], "model_id": "the chain's id" if is_the_chains else "another, or none"}


ROWS = (run_remote, bare_arguments, status_of_a_chain, queue_of_a_chain, chain_webhook)
