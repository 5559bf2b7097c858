import base64
import json
from datetime import UTC, datetime

import pytest

from async_emulator.trusses.oidc_token import oidc_token

NOW = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.mark.closeness("OIDC token")
@pytest.mark.parametrize(("environment", "claim"), [("staging", "staging"), (None, "<none>")])
def test_the_claims_are_the_platforms(environment, claim):
    token = oidc_token(model_id="m", deployment_id="d", environment=environment, now=NOW)
    header, payload, signature = token.split(".")
    assert json.loads(base64.urlsafe_b64decode(header + "==")) == {"alg": "none", "typ": "JWT"}
    assert signature == ""
    claims = json.loads(base64.urlsafe_b64decode(payload + "=="))
    assert claims["sub"] == (
        f"v=1:org=local:team=local:model=m:deployment=d:environment={claim}:type=model_container"
    )
    assert claims["environment"] == claim
    assert claims["iat"] == NOW.timestamp() < claims["exp"]
