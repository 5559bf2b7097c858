"""The token by which a model on Baseten proves to a cloud who it is; here one that no cloud accepts.

The claims are those of docs.baseten.co/organization/oidc, so that a model which reads them finds them. It is
not signed: who wants a real token names its file with `--env B10_OIDC_TOKEN_PATH=...`.
"""

import base64
import json
from datetime import datetime, timedelta

VARIABLE = "B10_OIDC_TOKEN_PATH"
"""Where a model finds the name of the file that holds its token."""

_ISSUER = "https://oidc.baseten.co"
_AUDIENCE = "oidc.baseten.co"
_OWNER = "local"
_LIFETIME = timedelta(days=30)
"""Long enough for any emulator. On Baseten a token lives an hour, and the file is renewed before its end."""


def oidc_token(*, model_id: str, deployment_id: str, environment: str | None, now: datetime) -> str:
    """An unsigned JSON web token."""
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
