import pytest

from truss_outputs.results.redaction import REDACTED, redacted

AWS_SECRET = "wJalrXUtnFEMIxK7MDENGxbPxRfiCYEXAMPLEKEY"


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        ("key AKIAIOSFODNN7EXAMPLE is not allowed", "AKIAIOSFODNN7EXAMPLE"),
        (f"signed with {AWS_SECRET}", AWS_SECRET),
        ("whsec_" + "a1B2" * 10, "a1B2"),
        ("Authorization: Bearer abc.def-123", "abc.def-123"),
        ("Authorization: Api-Key abcdef", "abcdef"),
        ("https://user:pa55w0rd@host/x", "pa55w0rd"),
        ("https://b.s3.amazonaws.com/k?X-Amz-Signature=0123abcd&x=1", "0123abcd"),
        ("{'api_key': 'hello'}", "hello"),
        ("connect(password=hunter2)", "hunter2"),
        ("token eyJhbGciOi.eyJzdWIi.c2lnbmF0dXJl", "eyJzdWIi"),
        ("hf_abcdefghijklmnop", "abcdefghijklmnop"),
        ("abcdEFGH.0123456789abcdefghijABCDEFGHIJ01", "0123456789abcdefghijABCDEFGHIJ01"),
        ("-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----", "MIIE"),
        ("-----BEGIN PRIVATE KEY-----\nMIIE", "MIIE"),
    ],
)
def test_what_looks_like_a_secret_goes(text: str, secret: str) -> None:
    assert secret not in redacted(text)
    assert REDACTED in redacted(text)


@pytest.mark.parametrize(
    "text",
    [
        "bad model_input: image must be a data URI or an https URL",
        "s3://bucket/prefix/35643965636d4c3da6f54b5c3b354aa0/result.json: AccessDenied",
        "output.frames[3]: <class 'numpy.ndarray'> cannot be stored",
        "sha256:2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881",
        "KeyError: 'prompt'",
        "",
    ],
)
def test_what_does_not_stays(text: str) -> None:
    assert redacted(text) == text


def test_known_secrets_go_whatever_they_look_like_and_the_longest_first() -> None:
    assert redacted("from open sesame to sesame", {"sesame", "open sesame\n"}) == (
        f"from {REDACTED} to {REDACTED}"
    )


def test_a_secret_too_short_to_be_one_redacts_no_words() -> None:
    assert redacted("a cat", {"a", ""}) == "a cat"
