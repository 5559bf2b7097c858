"""How one chainlet reaches another: through the emulator, which knows which replica is ready and has room.

    POST /chainlets/{chain_id}/{chainlet}/run_remote

Every such call is synchronous (docs.baseten.co/development/chain/invocation); a chainlet has no queue.
"""

from starlette.requests import Request

from async_emulator.api import errors as api_errors
from async_emulator.api.answered_prediction import AnsweredPrediction
from async_emulator.api.request_body import SYNC_BODY_LIMIT, read_body
from async_emulator.clock import Clock
from async_emulator.deployments.chainlet_routes import ChainletRoutes
from async_emulator.prediction.model import REQUEST_ID_HEADER
from async_emulator.prediction.sync_prediction import SyncPrediction
from async_emulator.queue.request import new_request_id


class ChainletCalls:
    """Answers the calls. Chainlets may be added meanwhile."""

    def __init__(self, clock: Clock, chainlets: ChainletRoutes) -> None:
        self._clock = clock
        self._chainlets = chainlets

    async def page(self, request: Request) -> AnsweredPrediction:
        """Answer one call, under the id of the request to the chain that it belongs to."""
        path = request.scope["path"]
        capacity = self._chainlets.find(path)
        if capacity is None:
            raise api_errors.not_found(f"there is no chainlet at {path}")
        if request.method != "POST":
            raise api_errors.wrong_method(request.method, path)
        request_id = request.headers.get(REQUEST_ID_HEADER) or new_request_id(self._clock.now())
        prediction = SyncPrediction(
            capacity=capacity,
            clock=self._clock,
            body=await read_body(request, SYNC_BODY_LIMIT),
            headers=request.headers,
            request_id=request_id,
        )
        return AnsweredPrediction(prediction, request_id)
