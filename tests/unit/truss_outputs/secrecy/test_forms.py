import json
from base64 import b64encode, encodebytes, urlsafe_b64encode
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from truss_outputs.results.redaction import REDACTED, redacted
from truss_outputs.secrecy.forms import SHORTEST_SECRET

SECRETS = [
    "p@ss w/ord+é?~1",
    "a+b/c==d e",
    'quo"te\\slash',
    "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
    "line\nbreak",
]


def forms(secret: str) -> list[str]:
    escaped = [secret, quote(secret), quote(secret, safe=""), quote_plus(secret), quote(quote(secret))]
    escaped += ["".join(f"%{byte:02X}" for byte in secret.encode())]
    escaped += ["".join(f"%{byte:02x}" for byte in secret.encode())]
    escaped += [
        repr(secret)[1:-1],
        ascii(secret)[1:-1],
        json.dumps(secret)[1:-1],
        json.dumps(json.dumps(secret)),
    ]
    encoded = []
    for before in ("", "a", "ab", "user:"):
        for after in ("", "z", "zz"):
            whole = f"{before}{secret}{after}".encode()
            for code in (b64encode(whole), urlsafe_b64encode(whole), encodebytes(whole * 4)):
                text = code.decode()
                encoded += [text, text.rstrip("=\n"), quote(text, safe="")]
    return escaped + encoded


@pytest.mark.parametrize("secret", SECRETS)
def test_a_secret_goes_in_every_form(secret: str) -> None:
    for form in forms(secret):
        text = redacted(f"before {form} after", [secret])
        assert REDACTED in text, form
        assert text.startswith("before ")
        assert text.endswith(" after")


@settings(deadline=None)
@given(secret=st.text(min_size=SHORTEST_SECRET).filter(lambda text: len(text.strip()) >= SHORTEST_SECRET))
def test_so_does_any_other(secret: str) -> None:
    secret = secret.strip().encode(errors="ignore").decode().strip()
    for form in (quote(secret, safe=""), b64encode(secret.encode()).decode()) if len(secret) > 6 else ():
        assert REDACTED in redacted(form, [secret])


@pytest.mark.parametrize(
    ("secret", "part"),
    [
        (
            "DefaultEndpointsProtocol=https;AccountName=a;AccountKey=Q0FOQVJZQ0FOQVJZQ0FO==",
            "Q0FOQVJZQ0FOQVJZQ0FO==",
        ),
        ("sv=2024-01-01&se=2026&sig=c2lnbmF0dXJlc2lnbmF0dXJl%3D", "c2lnbmF0dXJlc2lnbmF0dXJl%3D"),
        ('{"private_key_id": "0123456789abcdef0123", "x": 1}', "0123456789abcdef0123"),
    ],
)
def test_a_part_of_a_secret_that_is_itself_one_goes(secret: str, part: str) -> None:
    assert part not in redacted(f"refused {part}!", [secret])


def test_an_address_in_a_secret_is_no_secret() -> None:
    secret = "BlobEndpoint=https://account.blob.core.windows.net/;AccountKey=Q0FOQVJZQ0FOQVJZQ0FO"
    text = "https://account.blob.core.windows.net/ is down"
    assert redacted(text, [secret]) == text


@pytest.mark.prove
def test_a_very_long_secret_is_redacted_with_its_parts() -> None:
    """As a file of keys is."""
    secret = "\n".join(f"key{number}: {'abcdefghij' * 12}{number}" for number in range(40))
    assert redacted(f"before {secret} after", [secret]) == f"before {REDACTED} after"
    assert redacted(f"before {json.dumps(secret)} after", [secret]) == f'before "{REDACTED}" after'
    part = f"{'abcdefghij' * 12}7"
    assert redacted(f"x {part} y", [secret]) == f"x {REDACTED} y"


def test_long_texts_are_redacted_in_linear_time() -> None:
    """A quadratic pattern took 17 s for a text of 20,000 characters."""
    key = json.dumps({"private_key": "-----BEGIN PRIVATE KEY-----\n" + "MIIEabc+/" * 180})
    for text in ("x" * 10_000, "%25" * 3_000, "\\" * 10_000, "secret" * 1_500):
        assert len(redacted(text, [key, 'a\\\\\\"b"c'])) <= len(text)
