"""The async API without HTTP: submit, status, cancel and queue status."""

from datetime import timedelta

from async_emulator.api.submission import Submitted
from async_emulator.clock import Clock
from async_emulator.deployments.target import Target
from async_emulator.errors import DataDirFailed, InvalidTransition, UnknownRequest
from async_emulator.queue.group_commit import GroupCommit
from async_emulator.queue.lifecycle import initial_webhook_status
from async_emulator.queue.request import AsyncRequest, new_request_id
from async_emulator.queue.request_queue import RETENTION, RequestQueue
from async_inference.codes import Kind, RequestStatus
from async_inference.wire import (
    AsyncQueueStatus,
    AsyncRequestStatus,
    CancelAsyncRequestResult,
)


class AsyncService:
    """The async requests of all deployments. A request id is unique among them all."""

    def __init__(self, *, queue: RequestQueue, clock: Clock, commits: GroupCommit) -> None:
        self._queue = queue
        self._clock = clock
        self._commits = commits

    @property
    def outstanding(self) -> int:
        """The number of requests that are QUEUED or IN_PROGRESS, over all deployments."""
        return self._queue.outstanding

    def check_writable(self) -> None:
        """Raise DataDirFailed where requests cannot be accepted."""
        self._queue.check_writable()

    async def submit(self, target: Target, submitted: Submitted) -> str:
        """Queue a request and return its id. When this returns, the request is durable.

        Raises DataDirFailed.
        """
        now, body = self._clock.now(), submitted.request
        request = AsyncRequest(
            request_id=new_request_id(now),
            kind=target.kind,
            model_id=target.owner_id,
            deployment_id=target.deployment_id,
            status=RequestStatus.QUEUED,
            webhook_status=initial_webhook_status(body.webhook_endpoint),
            created_at=now,
            status_at=now,
            queue_deadline=now + timedelta(seconds=body.max_time_in_queue_seconds),
            max_time_in_queue_seconds=body.max_time_in_queue_seconds,
            priority=body.priority,
            model_input=submitted.model_input,
            webhook_endpoint=body.webhook_endpoint,
            retry_config=body.inference_retry_config,
        )
        target.enqueue(request)
        await self._commits.wait()
        return request.request_id

    async def status(self, request_id: str) -> AsyncRequestStatus:
        """Return the status of a request. Raises UnknownRequest.

        The status is durable, but where the disk fails: then it is what the next commit will make durable.
        """
        status = self._known(request_id).public_status
        try:
            await self._commits.wait()
        except DataDirFailed:
            return self._known(request_id).public_status
        return status

    async def cancel(self, request_id: str) -> CancelAsyncRequestResult:
        """Cancel a request if it is still QUEUED. Raises UnknownRequest or DataDirFailed."""
        self._known(request_id)
        try:
            self._queue.cancel(request_id, self._clock.now())
        except InvalidTransition:
            status = self._queue.get(request_id).status
            return CancelAsyncRequestResult(
                request_id=request_id,
                canceled=False,
                message=f"the request is {status} and only a QUEUED request can be canceled",
            )
        await self._commits.wait()
        return CancelAsyncRequestResult(
            request_id=request_id, canceled=True, message="the request has been canceled"
        )

    def _known(self, request_id: str) -> AsyncRequest:
        """Return the request unless it ended an hour ago: the queue deletes it only at its next sweep."""
        request = self._queue.get(request_id)
        if request.status.is_terminal and request.status_at <= self._clock.now() - RETENTION:
            raise UnknownRequest(request_id)
        return request

    def queue_status(self, target: Target) -> AsyncQueueStatus:
        """Count the requests of a deployment that wait and that run."""
        return AsyncQueueStatus(
            model_id=target.owner_id,  # for a chain too: the platform's client rejects an answer without it
            chain_id=target.owner_id if target.kind is Kind.CHAIN else None,
            deployment_id=target.deployment_id,
            num_queued_requests=self._queue.count(target.deployment_id, RequestStatus.QUEUED),
            num_in_progress_requests=self._queue.count(target.deployment_id, RequestStatus.IN_PROGRESS),
        )
