"""The token by which a model on Baseten proves its identity to a cloud; no cloud accepts the emulator's.

The claims are those of docs.baseten.co/organization/oidc, for models that read them. The token is not signed;
to use a real one, pass its file with `--env B10_OIDC_TOKEN_PATH=...`.
"""

import base64
import json
from datetime import datetime, timedelta

VARIABLE = "B10_OIDC_TOKEN_PATH"
"""The variable with the path of the file that holds the token."""

_ISSUER = "https://oidc.baseten.co"
_AUDIENCE = "oidc.baseten.co"
_OWNER = "local"
_LIFETIME = timedelta(days=30)
"""Long enough for any emulator. On Baseten a token is valid for an hour, and the file is renewed in time."""


def oidc_token(*, model_id: str, deployment_id: str, environment: str | None, now: datetime) -> str:
    """Make an unsigned JSON web token."""
    claims = {
        "org": _OWNER,
        "team": _OWNER,
        "model": model_id,
        "deployment": deployment_id,
        "environment": environment or "<none>",
        "type": "model_container",
    }
    subject = ":".join(["v=1", *(f"{name}={value}" for name, value in claims.items())])
    payload = {
        **claims,
        "sub": subject,
        "iss": _ISSUER,
        "aud": _AUDIENCE,
        "iat": int(now.timestamp()),
        "exp": int((now + _LIFETIME).timestamp()),
    }
    return f"{_encoded({'alg': 'none', 'typ': 'JWT'})}.{_encoded(payload)}."


def _encoded(part: dict[str, object]) -> str:
    return base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode()
