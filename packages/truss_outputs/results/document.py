"""What a stored result is: format 1.

    <url>/<request_id>/result.json          the commit marker, written last, created only once
    <url>/<request_id>/<attempt>/<name>     one object for each output value that is not JSON

`result.json` is the platform's own async predict result, so code that reads a webhook reads the bucket;
what we add stands behind `errors`, under the one key `truss_outputs`.
"""

from datetime import datetime
from typing import Literal, Self

from pydantic import AwareDatetime, BaseModel, ConfigDict, JsonValue
from pydantic_core import to_json


class AsyncRequestError(BaseModel):
    """Why an async request failed.

    `code` is one of the platform's (docs.baseten.co/inference/async, "Error codes"), kept as text so that
    a code of tomorrow does not make today's result unreadable.
    """

    model_config = ConfigDict(frozen=True)

    code: str
    message: str


class AsyncPredictResult(BaseModel):
    """The platform's async predict result, keys in the platform's order.

    `model_dump_json()` gives the very bytes the platform sends and signs: compact, raw UTF-8, UTC with `Z`.
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
    """What stands in `data` in place of a value that is not JSON.

    `size` is in bytes, `checksum` is `sha256:` and 64 hex digits, of the object's bytes.
    """

    model_config = ConfigDict(frozen=True)

    name: str
    url: str
    content_type: str
    size: int
    checksum: str


class StoredArtifact(ArtifactReference):
    """An artifact as the result lists it: the reference, where in `data` it stands, and what it was.

    The list is what makes a reference a reference. JSON of the model's own that looks like one is data.
    `kind` says which value to make of the object again, see `restoration`; the first results have none.
    """

    path: tuple[str | int, ...]
    kind: str | None = None

    @property
    def reference(self) -> ArtifactReference:
        """The same, as it stands in `data`."""
        return ArtifactReference(**self.model_dump(exclude={"path", "kind"}))


class StorageRecord(BaseModel):
    """What this package adds to the platform's result: the attempt that wrote it, and its objects."""

    model_config = ConfigDict(frozen=True)

    format: Literal[1] = 1
    attempt: str
    artifacts: list[StoredArtifact] = []


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
        """What `model_dump_json` gives, where `data` is JSON already: it is not looked through again."""
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
    """What the caller and the webhook get in place of the output: where it lies.

    `attempt` is the one whose write won, which need not be the one that answers.
    """

    model_config = ConfigDict(frozen=True)

    request_id: str
    url: str
    attempt: str
    artifacts: list[ArtifactReference] = []

    @classmethod
    def to(cls, request_id: str, record: StorageRecord, url: str) -> Self:
        """The reference to the result of which `record` is a part, stored at `url`."""
        return cls(
            request_id=request_id,
            url=url,
            attempt=record.attempt,
            artifacts=[artifact.reference for artifact in record.artifacts],
        )
