"""The form of a stored result: format 1.

    <url>/<request_id>/result.json          the commit marker, written last, created only once
    <url>/<request_id>/<attempt>/<name>     one object for each output value that is not JSON

`result.json` is the platform's own async predict result, so code that reads a webhook reads the bucket. Our
own fields come after `errors`, under the one key `truss_outputs`.
"""

from datetime import datetime
from typing import Literal, Self

from pydantic import AwareDatetime, BaseModel, ConfigDict, JsonValue
from pydantic_core import to_json


class AsyncRequestError(BaseModel):
    """Why an async request failed.

    `code` is one of the platform's (docs.baseten.co/inference/async, "Error codes"). It is text, so that a
    result with a code that is new stays readable.
    """

    model_config = ConfigDict(frozen=True)

    code: str
    message: str


class AsyncPredictResult(BaseModel):
    """The platform's async predict result, keys in the platform's order.

    `model_dump_json()` returns exactly the bytes that the platform sends and signs: compact, raw UTF-8, UTC
    with `Z`.
    Source: docs.baseten.co/inference/async, "Processing async predict results".
    """

    model_config = ConfigDict(frozen=True, protected_namespaces=())

    request_id: str
    model_id: str
    deployment_id: str
    type: Literal["async_request_completed"] = "async_request_completed"
    time: AwareDatetime
    data: JsonValue
    errors: list[AsyncRequestError] = []


class ArtifactReference(BaseModel):
    """A reference to an artifact. In `data` it replaces the value, which is not JSON.

    `size` is in bytes; `checksum` is `sha256:` and the digest of the object's bytes in 64 hex digits.
    """

    model_config = ConfigDict(frozen=True)

    name: str
    url: str
    content_type: str
    size: int
    checksum: str


class StoredArtifact(ArtifactReference):
    """An artifact as the result lists it: the reference, its path in `data`, and the value's kind.

    Only a listed reference is one: JSON of the model's own that looks like a reference is data. `kind` names
    the function that makes the value again, see `restores`; the first results recorded none.
    """

    path: tuple[str | int, ...]
    kind: str | None = None

    @property
    def reference(self) -> ArtifactReference:
        """The reference alone, as it is in `data`."""
        return ArtifactReference(**self.model_dump(exclude={"path", "kind"}))


class StorageRecord(BaseModel):
    """The fields that this package adds to the platform's result: its attempt and its artifacts.

    `traceparent` is the caller's trace (w3.org/TR/trace-context), None where the call named none; the first
    results recorded none.
    """

    model_config = ConfigDict(frozen=True)

    format: Literal[1] = 1
    attempt: str
    artifacts: list[StoredArtifact] = []
    traceparent: str | None = None


class StoredResult(AsyncPredictResult):
    """The content of `result.json`."""

    truss_outputs: StorageRecord

    @classmethod
    def document(
        cls,
        *,
        request_id: str,
        model_id: str,
        deployment_id: str,
        time: datetime,
        data: bytes,
        truss_outputs: StorageRecord,
    ) -> bytes:
        """Make the bytes that `model_dump_json` would, from `data` as JSON, which is not parsed for it."""
        head = {
            "request_id": request_id,
            "model_id": model_id,
            "deployment_id": deployment_id,
            "type": "async_request_completed",
            "time": time,
        }
        record = truss_outputs.model_dump_json().encode()
        return b'%s,"data":%s,"errors":[],"truss_outputs":%s}' % (to_json(head)[:-1], data, record)


class ResultReference(BaseModel):
    """The answer to the caller and the webhook in place of the output: where the result is.

    `attempt` is the attempt that won, which need not be the one that answers.
    """

    model_config = ConfigDict(frozen=True)

    request_id: str
    url: str
    attempt: str
    artifacts: list[ArtifactReference] = []

    @classmethod
    def to(cls, request_id: str, record: StorageRecord, url: str) -> Self:
        """Make the reference to the result that contains `record` and is stored at `url`."""
        return cls(
            request_id=request_id,
            url=url,
            attempt=record.attempt,
            artifacts=[artifact.reference for artifact in record.artifacts],
        )
