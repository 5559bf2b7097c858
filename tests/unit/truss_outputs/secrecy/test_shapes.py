import pytest

from truss_outputs import SettingsError
from truss_outputs.secrecy.shapes import is_like_a_secret
from truss_outputs.settings.secrets import secret

SECRETS = [
    "AKIAIOSFODNN7EXAMPLE",
    "wJalrXUtnFEMIK7MDENGbPxRfiCYEXAMPLEKEY",
    "sk-abc123DEF456ghi",
    "whsec_a1B2a1B2a1B2",
    "abcdEFGH.0123456789abcdefghijABCDEFGHIJ01",
    "5f4dcc3b5aa765d61d8327deb882cf99",
    "eyJhbGciOiJIUzI1NiIsInR5.eyJzdWIiOiIxMjM0NTY3.dozjgNryP4J3jVmNHl0w5N",
]


@pytest.mark.parametrize("name", SECRETS)
def test_a_secret_given_as_a_name_is_not_repeated(name: str) -> None:
    assert is_like_a_secret(name)
    with pytest.raises(SettingsError, match="found what looks like the secret itself") as caught:
        secret({}, "access_key_id_secret", name)
    assert name not in str(caught.value)
    assert (caught.value.__cause__, caught.value.__context__) == (None, None)


@pytest.mark.parametrize(
    "name",
    [
        "hf_access_token",
        "AWS_SECRET_ACCESS_KEY",
        "openai-key-2",
        "s3_key",
        "google_service_account_prod_2024",
        "team-a.key",
        "accountkey2024",
    ],
)
def test_a_name_is(name: str) -> None:
    assert not is_like_a_secret(name)
    with pytest.raises(SettingsError, match=f"the secret '{name}' is missing"):
        secret({}, "access_key_id_secret", name)
