"""The control path of a running emulator, from Python."""

from collections.abc import Mapping
from datetime import datetime
from types import TracebackType
from typing import Any, Self

from async_emulator.errors import EmulatorError


class ControlRefused(EmulatorError):
    """The emulator did not do it; started without --control, it does nothing of the kind."""


class EmulatorControl:
    """What a test may do to an emulator that was started with --control. Raises ControlRefused."""

    def __init__(self, base_url: str, headers: Mapping[str, str]) -> None:
        import httpx  # here, so that the command, which imports this package, does not wait for it

        # This machine's own loopback is reached through no proxy.
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
        """Let so many seconds pass at once; the time it is then. Queues, limits and retries follow."""
        answer = self._call("POST", "clock", {"advance_seconds": seconds})
        return datetime.fromisoformat(answer["now"])

    def now(self) -> datetime:
        """The time by the emulator's clock."""
        return datetime.fromisoformat(self._call("GET", "clock")["now"])

    def pause(self) -> None:
        """Leave requests in the queue. What runs runs on."""
        self._call("POST", "dispatch", {"is_paused": True})

    def resume(self) -> None:
        """Run what is in the queue."""
        self._call("POST", "dispatch", {"is_paused": False})

    def replicas(self) -> list[dict[str, Any]]:
        """Of each deployment: its `deployment_id`, how many replicas are `active` and how many `starting`.

        Of a chain, each chainlet is one, known by its `chainlet`; the first is the entrypoint.
        """
        found: list[dict[str, Any]] = self._call("GET", "replicas")
        return found

    def kill_replica(
        self, index: int = 0, *, deployment_id: str | None = None, chainlet: str | None = None
    ) -> None:
        """End a replica as a crash would; 0 is the oldest. By default one of the first deployment."""
        meant = {"deployment_id": deployment_id, "chainlet": chainlet}
        self._call("POST", "replicas", {"kill": index, **meant})

    def fault_predictions(
        self, count: int, *, status: int | None = None, delay_seconds: float = 0.0, hangs: bool = False
    ) -> None:
        """The next `count` predictions wait, and then hang, are answered `status`, or are made."""
        plan = {"predictions": count, "status": status, "delay_seconds": delay_seconds, "hangs": hangs}
        self._call("POST", "faults", plan)

    def drop_webhooks(self, count: int) -> None:
        """The next `count` attempts at a delivery meet a broken connection."""
        self._call("POST", "faults", {"webhooks": count})

    def clear_faults(self) -> None:
        """From now on nothing goes wrong."""
        self._call("DELETE", "faults")

    def requests(self, status: str | None = None, limit: int = 100) -> list[dict[str, Any]]:
        """The requests that are known, the newest first, as the status endpoint tells of them."""
        query = {"limit": str(limit), **({} if status is None else {"status": status})}
        found: list[dict[str, Any]] = self._call("GET", "requests", query=query)
        return found

    def clear_requests(self) -> int:
        """Forget every request that is not running; how many there were."""
        return int(self._call("DELETE", "requests")["cleared"])

    def deliveries(self) -> list[dict[str, Any]]:
        """Every attempt at a delivery, the oldest first; `body` is the very text that was sent."""
        found: list[dict[str, Any]] = self._call("GET", "deliveries")
        return found

    def clear_deliveries(self) -> None:
        """Forget the attempts."""
        self._call("DELETE", "deliveries")

    def webhook_secrets(self) -> list[dict[str, str | None]]:
        """The secrets that sign, newest first: `value` and `expires_at`."""
        found: list[dict[str, str | None]] = self._call("GET", "webhook_secrets")
        return found

    def rotate_webhook_secret(self, value: str | None = None) -> str:
        """Sign with a new secret, and for 24 hours with the old ones too; the new one."""
        return str(self._call("POST", "webhook_secrets", {"value": value})["value"])

    def remove_webhook_secret(self, value: str) -> None:
        """Sign with it no longer."""
        self._call("DELETE", "webhook_secrets", {"value": value})

    def _call(
        self, method: str, path: str, body: object = None, query: Mapping[str, str] | None = None
    ) -> Any:
        response = self._http.request(method, f"/{path}", json=body, params=query)
        if response.status_code != 200:
            raise ControlRefused(f"{method} /control/{path}: {response.text}")
        return response.json()
