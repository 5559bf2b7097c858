"""Settings of the API: choices that the platform leaves open, and numbers that its support can change."""

from dataclasses import dataclass, field


@dataclass(frozen=True, kw_only=True, slots=True)
class ApiSettings:
    """Each field is an option of `truss-async serve`. A limit of 0 means no limit.

    `webhook_secrets` sign webhooks, the newest first. `async_body_bytes` is the largest body of a submit.
    `control` opens the control path, for tests.
    """

    submits_per_minute: int = 12_000
    status_calls_per_second: int = 20
    cancels_per_second: int = 20
    queue_status_calls_per_second: int = 20
    outstanding_requests: int = 50_000
    rate_limits: bool = True
    async_body_bytes: int = 262_144
    raw_run_remote: bool = False
    webhook_secrets: tuple[str, ...] = field(default=(), repr=False)
    allow_private_webhooks: bool = False
    webhook_attempts: int = 2
    wrong_key_status: int = 401
    request_log: bool = True
    control: bool = False
