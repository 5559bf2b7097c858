"""The three lines that give a Truss a place for its results.

def __init__(self, config, secrets, **kwargs):
    self._outputs = ModelOutputs.from_truss(config, secrets)

def postprocess(self, output, request: starlette.requests.Request):
    return self._outputs.store(output, request)
"""

import logging
import os
import time
from collections.abc import Mapping
from typing import Any, Protocol, Self

from truss_outputs.errors import MissingRequestId, OutputError
from truss_outputs.settings import OutputSettings, Secrets
from truss_outputs.writer import OutputWriter

REQUEST_ID_HEADER = "x-baseten-request-id"

_log = logging.getLogger(__name__)


class HasHeaders(Protocol):
    """What is asked of a request: Truss gives hooks that ask for one a `starlette.requests.Request`."""

    @property
    def headers(self) -> Mapping[str, str]:
        """Its headers; starlette's know no letter case."""


class ModelOutputs:
    """Stores what a model returns. One for a model, made before its first request, shared by all of them."""

    def __init__(self, writer: OutputWriter) -> None:
        self._writer = writer

    @classmethod
    def from_truss(
        cls, config: Mapping[str, Any], secrets: Secrets, *, environ: Mapping[str, str] | None = None
    ) -> Self:
        """From what Truss passes to a model's `__init__`. Raises SettingsError. The store is not asked yet.

        `environ` is this process's unless given. Baseten tells a model in it which model and deployment it is
        (docs.baseten.co/development/model/custom-server, "Runtime environment").
        """
        environ = os.environ if environ is None else environ
        store = OutputSettings.from_config(config, environ).open_store(secrets)
        writer = OutputWriter(
            store,
            model_id=environ.get("BT_MODEL_ID", ""),
            deployment_id=environ.get("BT_MODEL_DEPLOYMENT_ID", ""),
        )
        return cls(writer)

    def store(self, output: object, request: HasHeaders) -> dict[str, Any]:
        """Store `output` under the request's id. What is returned says where, for the caller and the webhook.

        If it could not be stored the request fails, as an HTTP error: of any other, Truss tells the caller
        only that there was one.
        """
        try:
            request_id = request.headers.get(REQUEST_ID_HEADER)
            if not request_id:
                raise MissingRequestId
            started = time.perf_counter()
            reference = self._writer.write(output, request_id)
            _log.info("stored %s in %.3f s", reference.url, time.perf_counter() - started)
            return reference.model_dump(mode="json")
        except OutputError as error:
            from fastapi import HTTPException  # always there in a Truss server, and nowhere else needed

            raise HTTPException(status_code=500, detail=str(error)) from error
