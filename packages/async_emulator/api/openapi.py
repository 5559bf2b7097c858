"""The server's own description, in OpenAPI 3.1: built from what routes, limits and checks the calls.

Its operations and schemas are those of Baseten's inference spec; what the emulator adds is under the tag
`emulator`.
"""

from http import HTTPStatus
from importlib.metadata import version
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import JsonSchemaMode, models_json_schema

from async_emulator.api.operations import (
    ASYNC_PREDICT,
    ASYNC_RUN_REMOTE,
    CANCEL,
    OF_A_REQUEST,
    OF_A_TARGET,
    PREDICT,
    QUEUE_STATUS,
    RUN_REMOTE,
    STATUS,
    Operation,
)
from async_emulator.paths import TARGET_PATHS
from async_emulator.prediction.model import REQUEST_ID_HEADER
from async_inference.wire import (
    AsyncPredictRequest,
    AsyncQueueStatus,
    AsyncRequestAccepted,
    AsyncRequestStatus,
    CancelAsyncRequestResult,
    ErrorResponse,
)

_BODIES: dict[Operation, type[BaseModel]] = {
    ASYNC_PREDICT: AsyncPredictRequest,
    ASYNC_RUN_REMOTE: AsyncPredictRequest,
}
_ANSWERS: dict[Operation, type[BaseModel]] = {
    ASYNC_PREDICT: AsyncRequestAccepted,
    ASYNC_RUN_REMOTE: AsyncRequestAccepted,
    QUEUE_STATUS: AsyncQueueStatus,
    STATUS: AsyncRequestStatus,
    CANCEL: CancelAsyncRequestResult,
}
_SYNC = (PREDICT, RUN_REMOTE)
_SCHEMAS = "#/components/schemas/"


def openapi_document() -> dict[str, Any]:
    """Return the document that /openapi.json answers."""
    paths: dict[str, dict[str, Any]] = {}
    for target in TARGET_PATHS:
        for operation in OF_A_TARGET:
            paths.setdefault(f"{target}/{operation.name}", {})[operation.method.lower()] = _described(
                operation, target
            )
    for operation in OF_A_REQUEST:
        path = f"/{operation.name}/{{request_id}}"
        paths.setdefault(path, {})[operation.method.lower()] = _described(operation, path)
    paths["/healthz"] = {"get": _health()}
    paths["/openapi.json"] = {"get": _itself()}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Baseten's inference API, as truss-async serve answers it",
            "version": version("truss-outputs"),
        },
        "servers": [{"url": "/"}],
        "security": [{"bearer": []}, {"apiKey": []}],
        "paths": paths,
        "components": {
            "schemas": _schemas(),
            "headers": {
                REQUEST_ID_HEADER: {
                    "description": "The request's id; of an async request, the one that was returned.",
                    "required": True,
                    "schema": {"type": "string"},
                }
            },
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer"},
                "apiKey": {
                    "type": "apiKey",
                    "in": "header",
                    "name": "Authorization",
                    "description": "Api-Key KEY",
                },
            },
        },
    }


def _described(operation: Operation, path: str) -> dict[str, Any]:
    responses = {str(status): _answer(operation, status) for status in operation.statuses}
    described: dict[str, Any] = {
        "operationId": "_".join([operation.method.lower(), *_words(path), operation.name]),
        "summary": operation.summary,
        "parameters": [
            {"name": name, "in": "path", "required": True, "schema": {"type": "string", "minLength": 1}}
            for name in _parameters(path)
        ],
        "responses": responses,
    }
    if operation in _SYNC:
        responses["default"] = {"description": "Whatever else the model answers."}
        described["requestBody"] = _body({})
    elif (body := _BODIES.get(operation)) is not None:
        described["requestBody"] = _body({"$ref": _SCHEMAS + body.__name__})
    return described


def _body(schema: dict[str, Any]) -> dict[str, Any]:
    return {"required": True, "content": {"application/json": {"schema": schema}}}


def _answer(operation: Operation, status: int) -> dict[str, Any]:
    model = ErrorResponse if status >= HTTPStatus.BAD_REQUEST else _ANSWERS.get(operation)
    schema: dict[str, Any] = {} if model is None else {"$ref": _SCHEMAS + model.__name__}
    answer: dict[str, Any] = {
        "description": HTTPStatus(status).phrase,
        "headers": {REQUEST_ID_HEADER: {"$ref": f"#/components/headers/{REQUEST_ID_HEADER}"}},
    }
    if operation not in _SYNC:  # a model's answer need not be JSON, nor need its errors
        answer["content"] = {"application/json": {"schema": schema}}
    return answer


def _health() -> dict[str, Any]:
    text = {"type": "string"}
    schema = {"type": "object", "properties": {"status": text, "error": text}, "required": ["status"]}
    content = {"application/json": {"schema": schema}}
    return {
        "operationId": "get_healthz",
        "summary": "Tell whether the model is ready.",
        "tags": ["emulator"],
        "security": [],
        "responses": {
            "200": {"description": "Everything is ready.", "content": content},
            "503": {"description": "It is loading, or its disk fails.", "content": content},
        },
    }


def _itself() -> dict[str, Any]:
    content = {"application/json": {"schema": {"type": "object"}}}
    return {
        "operationId": "get_openapi",
        "summary": "Give this document.",
        "tags": ["emulator"],
        "security": [],
        "responses": {"200": {"description": "It.", "content": content}},
    }


def _schemas() -> dict[str, Any]:
    taken: set[type[BaseModel]] = set(_BODIES.values())
    given: set[type[BaseModel]] = {*_ANSWERS.values(), ErrorResponse}
    modes: list[tuple[type[BaseModel], JsonSchemaMode]] = [
        *((model, "validation") for model in sorted(taken, key=str)),
        *((model, "serialization") for model in sorted(given, key=str)),
    ]
    _, schemas = models_json_schema(modes, ref_template=_SCHEMAS + "{model}")
    definitions: dict[str, Any] = schemas["$defs"]
    # Optional for a reader; the service always sends them.
    status = definitions[AsyncRequestStatus.__name__]
    status["required"].append("errors")
    status["anyOf"] = [{"required": ["model_id"]}, {"required": ["chain_id"]}]
    definitions[ErrorResponse.__name__]["required"] = ["error", "error_code"]
    return definitions


def _parameters(path: str) -> list[str]:
    return [part[1:-1] for part in path.split("/") if part.startswith("{")]


def _words(path: str) -> list[str]:
    return [part.strip("{}") for part in path.split("/") if part and part != "async_request"]
