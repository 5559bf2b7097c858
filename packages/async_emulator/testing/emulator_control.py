"""The control path of a running emulator, from Python."""

from collections.abc import Mapping
from datetime import datetime
from types import TracebackType
from typing import Any, Self

from async_emulator.errors import EmulatorError


class ControlRefused(EmulatorError):
    """The emulator refused; without --control it refuses everything."""


class EmulatorControl:
    """Controls an emulator that was started with --control. Every method raises ControlRefused."""

    def __init__(self, base_url: str, headers: Mapping[str, str]) -> None:
        import httpx  # imported on first use: the command imports this package too

        # No proxy leads to this machine's loopback.
        self._http = httpx.Client(base_url=f"{base_url}/control", headers=headers, trust_env=False)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connection."""
        self._http.close()

    def advance(self, seconds: float) -> datetime:
        """Let `seconds` pass at once, for queues, limits and retries too; return the new time."""
        answer = self._call("POST", "clock", {"advance_seconds": seconds})
        return datetime.fromisoformat(answer["now"])

    def now(self) -> datetime:
        """Return the time of the emulator's clock."""
        return datetime.fromisoformat(self._call("GET", "clock")["now"])

    def pause(self) -> None:
        """Leave requests in the queue. Running requests go on."""
        self._call("POST", "dispatch", {"is_paused": True})

    def resume(self) -> None:
        """Run the requests in the queue again."""
        self._call("POST", "dispatch", {"is_paused": False})

    def replicas(self) -> list[dict[str, Any]]:
        """Return each deployment's `deployment_id` and its numbers of `active` and `starting` replicas.

        Each chainlet of a chain is a deployment with its name under `chainlet`; the first is the entrypoint.
        """
        found: list[dict[str, Any]] = self._call("GET", "replicas")
        return found

    def kill_replica(
        self, index: int = 0, *, deployment_id: str | None = None, chainlet: str | None = None
    ) -> None:
        """Kill a replica as a crash would; 0 is the oldest. By default it is one of the first deployment."""
        meant = {"deployment_id": deployment_id, "chainlet": chainlet}
        self._call("POST", "replicas", {"kill": index, **meant})

    def fault_predictions(
        self, count: int, *, status: int | None = None, delay_seconds: float = 0.0, hangs: bool = False
    ) -> None:
        """Make the next `count` predictions wait, and then hang, be answered `status`, or run."""
        plan = {"predictions": count, "status": status, "delay_seconds": delay_seconds, "hangs": hangs}
        self._call("POST", "faults", plan)

    def drop_webhooks(self, count: int) -> None:
        """Break the connection of the next `count` attempts at a delivery."""
        self._call("POST", "faults", {"webhooks": count})

    def clear_faults(self) -> None:
        """Drop all planned faults."""
        self._call("DELETE", "faults")

    def requests(self, status: str | None = None, limit: int = 100) -> list[dict[str, Any]]:
        """Return the statuses of all known requests, the newest first."""
        query = {"limit": str(limit), **({} if status is None else {"status": status})}
        found: list[dict[str, Any]] = self._call("GET", "requests", query=query)
        return found

    def clear_requests(self) -> int:
        """Delete every request that is not running; return how many there were."""
        return int(self._call("DELETE", "requests")["cleared"])

    def deliveries(self) -> list[dict[str, Any]]:
        """Return every attempt at a delivery, the oldest first; `body` is the text that was sent."""
        found: list[dict[str, Any]] = self._call("GET", "deliveries")
        return found

    def clear_deliveries(self) -> None:
        """Delete the attempts at deliveries."""
        self._call("DELETE", "deliveries")

    def webhook_secrets(self) -> list[dict[str, str | None]]:
        """Return the secrets that sign, newest first: `value` and `expires_at`."""
        found: list[dict[str, str | None]] = self._call("GET", "webhook_secrets")
        return found

    def rotate_webhook_secret(self, value: str | None = None) -> str:
        """Sign with a new secret, and for 24 hours with the old ones too; return the new one."""
        return str(self._call("POST", "webhook_secrets", {"value": value})["value"])

    def remove_webhook_secret(self, value: str) -> None:
        """Stop signing with a secret."""
        self._call("DELETE", "webhook_secrets", {"value": value})

    def _call(
        self, method: str, path: str, body: object = None, query: Mapping[str, str] | None = None
    ) -> Any:
        response = self._http.request(method, f"/{path}", json=body, params=query)
        if response.status_code != 200:
            raise ControlRefused(f"{method} /control/{path}: {response.text}")
        return response.json()
