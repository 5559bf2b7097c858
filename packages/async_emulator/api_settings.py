"""How the API behaves where the platform leaves a choice, or lets its support change a number."""

from dataclasses import dataclass, field


@dataclass(frozen=True, kw_only=True, slots=True)
class ApiSettings:
    """`webhook_secrets` sign webhooks, the newest first; each is a field of `truss-async serve`'s options."""

    webhook_secrets: tuple[str, ...] = field(default=(), repr=False)
    allow_private_webhooks: bool = False
