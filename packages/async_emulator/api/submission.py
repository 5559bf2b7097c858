"""From the body of a submit to a checked request, or to an error that names what is wrong."""

import logging
from dataclasses import dataclass
from http import HTTPStatus

from pydantic import ValidationError
from pydantic_core import from_json

from async_emulator.api.errors import CallRefused
from async_emulator.api.json_member import written_member
from async_emulator.settings.api import ApiSettings
from async_inference.webhook_url import webhook_url_problem
from async_inference.wire import AsyncPredictRequest

_log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True, slots=True)
class Submitted:
    """A request that was submitted, and its model input as it was written: a sync call passes on the same."""

    request: AsyncPredictRequest
    model_input: bytes


class Submission:
    """Reads the bodies of submits. Both methods raise CallRefused or ValidationError."""

    def __init__(self, settings: ApiSettings) -> None:
        self.limit = settings.async_body_bytes
        self._allow_private_webhooks = settings.allow_private_webhooks
        self._raw_run_remote = settings.raw_run_remote

    def parse(self, body: bytes) -> Submitted:
        """Read the body of `async_predict`, or the wrapped body of `async_run_remote`."""
        parsed = AsyncPredictRequest.model_validate_json(body)
        if parsed.webhook_endpoint is not None:
            problem = webhook_url_problem(parsed.webhook_endpoint, allow_private=self._allow_private_webhooks)
            if problem is not None:
                raise CallRefused(HTTPStatus.BAD_REQUEST, f"webhook_endpoint: {problem}")
        return Submitted(request=parsed, model_input=written_member(body, "model_input"))

    def parse_run_remote(self, body: bytes) -> Submitted:
        """The body of `async_run_remote`: wrapped as that of `async_predict`, or raw where this is allowed.

        Baseten's pages contradict each other: the reference shows the chain's bare arguments, the guide to
        chains says to wrap them as for a model, and only then is there room for a webhook.
        """
        if self._raw_run_remote:
            try:
                arguments = from_json(body)
            except ValueError:
                return self.parse(body)  # raises, naming what is wrong
            if isinstance(arguments, dict) and "model_input" not in arguments:
                _log.warning("async_run_remote: the body has no model_input and is taken as the arguments")
                return Submitted(request=AsyncPredictRequest(model_input=arguments), model_input=body)
        try:
            return self.parse(body)
        except ValidationError as error:
            if any(problem["loc"] == ("model_input",) for problem in error.errors()):
                raise CallRefused(
                    HTTPStatus.BAD_REQUEST,
                    'model_input: Field required: wrap the chain\'s arguments, {"model_input": {…}}, '
                    "or serve with --raw-run-remote",
                ) from error
            raise
