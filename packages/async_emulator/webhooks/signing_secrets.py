"""The webhook secrets of the workspace, and which of them sign payloads.

docs.baseten.co/inference/async, "Keeping webhook secrets secure": rotating a secret makes a new one, and the
old one signs for another 24 hours. Pure but for random secrets: `now` comes from the caller.
"""

import re
import secrets
import string
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

OVERLAP = timedelta(hours=24)
"""How long a rotated secret still signs."""

_FORM = re.compile(r"whsec_[A-Za-z0-9]+")
_LETTERS = string.ascii_letters + string.digits


def new_webhook_secret() -> str:
    """Make a secret like the platform's."""
    return "whsec_" + "".join(secrets.choice(_LETTERS) for _ in range(40))


def is_webhook_secret(text: str) -> bool:
    """Whether `text` looks like a webhook secret."""
    return _FORM.fullmatch(text) is not None


@dataclass(frozen=True, kw_only=True, slots=True)
class WebhookSecret:
    """A secret. One that has not been rotated never expires."""

    value: str = field(repr=False)
    expires_at: datetime | None = None

    def signs(self, now: datetime) -> bool:
        """Whether it signs payloads at `now`."""
        return self.expires_at is None or now < self.expires_at


class WebhookSecrets:
    """The secrets, newest first."""

    def __init__(self, values: Sequence[str] = ()) -> None:
        self._secrets = [WebhookSecret(value=value) for value in values]

    def active(self, now: datetime) -> list[str]:
        """Return the secrets that sign, newest first. Expired ones are dropped."""
        self._secrets = [secret for secret in self._secrets if secret.signs(now)]
        return [secret.value for secret in self._secrets]

    def listed(self, now: datetime) -> list[WebhookSecret]:
        """Return the secrets that sign, newest first, with their expiry."""
        self.active(now)
        return list(self._secrets)

    def rotate(self, now: datetime, value: str | None = None) -> str:
        """Add a new secret (`value`, if given) and return it; the others expire within 24 hours."""
        value = value or new_webhook_secret()
        end = now + OVERLAP
        self._secrets = [
            replace(secret, expires_at=min(secret.expires_at or end, end))
            for secret in self.listed(now)
            if secret.value != value
        ]
        self._secrets.insert(0, WebhookSecret(value=value))
        return value

    def remove(self, value: str) -> bool:
        """Remove a secret at once; return whether there was one."""
        before = len(self._secrets)
        self._secrets = [secret for secret in self._secrets if secret.value != value]
        return len(self._secrets) < before
