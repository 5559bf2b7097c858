"""The server's own description: it names Baseten's operations, and what is answered is what it says."""

from typing import Any

import httpx
import jsonschema_rs
import pytest

from async_inference.codes import Kind

TARGETS = ("", "/production", "/development", "/environments/{env_name}", "/deployment/{deployment_id}")
POSTED = ("predict", "async_predict", "run_remote", "async_run_remote", "wake")

# What is called, and with what; the names in braces are filled in.
GOOD = b'{"model_input": {}}'
CALLS = [
    *(("POST", f"{target}/{name}", GOOD) for target in TARGETS for name in POSTED),
    *(("POST", f"{target}/async_predict", b"{") for target in TARGETS),
    *(("POST", f"{target}/async_predict", b" " * 300_000) for target in TARGETS),
    *(("GET", f"{target}/async_queue_status", b"") for target in TARGETS),
    ("GET", "/async_request/{request_id}", b""),
    ("DELETE", "/async_request/{request_id}", b""),
    ("GET", "/healthz", b""),
    ("GET", "/openapi.json", b""),
]


class Document:
    """An OpenAPI document that answers are held against."""

    def __init__(self, content: dict[str, Any]) -> None:
        self.content = content

    @property
    def operations(self) -> set[tuple[str, str]]:
        return {(method.upper(), path) for path, item in self.content["paths"].items() for method in item}

    def check(self, method: str, path: str, response: httpx.Response) -> None:
        responses = self.content["paths"][path][method.lower()]["responses"]
        described = responses.get(str(response.status_code)) or responses["default"]
        for name in described.get("headers", {}):
            assert name in response.headers
        if content := described.get("content"):
            schema = {**content["application/json"]["schema"], "components": self.content["components"]}
            assert response.headers["content-type"] == "application/json"
            jsonschema_rs.validator_for(schema).validate(response.json())


@pytest.fixture
async def document(platform):
    return Document((await platform.http.get("/openapi.json", headers={"Authorization": ""})).json())


@pytest.mark.closeness("openapi.json")
def test_it_is_valid_openapi(document):
    assert document.content["openapi"] == "3.1.0"
    for schema in document.content["components"]["schemas"].values():
        jsonschema_rs.validator_for({**schema, "components": document.content["components"]})
    ids = [
        operation["operationId"] for item in document.content["paths"].values() for operation in item.values()
    ]
    assert len(ids) == len(set(ids))


@pytest.mark.closeness("operations")
def test_it_names_every_operation_of_the_platform(document):
    expected = {("POST", f"{target}/{name}") for target in TARGETS for name in POSTED}
    expected |= {("GET", f"{target}/async_queue_status") for target in TARGETS}
    expected |= {("GET", "/async_request/{request_id}"), ("DELETE", "/async_request/{request_id}")}
    assert len(expected) == 32
    assert document.operations - expected == {("GET", "/healthz"), ("GET", "/openapi.json")}
    assert expected <= document.operations
    assert {(method, path) for method, path, _ in CALLS} == document.operations


def test_it_bounds_what_the_wire_models_bound(document):
    body = document.content["components"]["schemas"]["AsyncPredictRequest"]
    assert body["required"] == ["model_input"]
    assert body["properties"]["priority"] | {"minimum": 0, "maximum": 2} == body["properties"]["priority"]
    assert body["properties"]["max_time_in_queue_seconds"]["maximum"] == 259_200
    status = document.content["components"]["schemas"]["AsyncRequestStatus"]
    assert "errors" in status["required"]


@pytest.mark.closeness("described answers")
@pytest.mark.parametrize("authorization", ["Bearer a-key", "Bearer wrong"])
@pytest.mark.parametrize("kind", list(Kind))
async def test_every_answer_is_one_that_is_described(platform, document, kind, authorization):
    platform.serve(kind=kind)
    platform.open(100)
    platform.deployment.is_deployed = True
    platform.hold.clear()
    submit = "async_predict" if kind is Kind.MODEL else "async_run_remote"
    accepted = (await platform.http.post(f"/production/{submit}", content=GOOD)).json()
    names = {"env_name": "staging", "deployment_id": "deployment", "request_id": accepted["request_id"]}
    platform.http.headers["Authorization"] = authorization
    for names_of_this_call in (names, dict.fromkeys(names, "unknown")):
        for method, path, content in CALLS:
            url = path.format(**names_of_this_call)
            document.check(method, path, await platform.http.request(method, url, content=content))
