import pytest

from truss_outputs import Artifact


def test_an_artifact_is_a_value() -> None:
    artifact = Artifact(bytearray(b"x"), "image/png", name="a.png")
    assert artifact == Artifact(b"x", "image/png", name="a.png")
    assert artifact != Artifact(b"x", "image/png")
    assert artifact != b"x"
    assert len({artifact, Artifact(b"x", "image/png", name="a.png")}) == 1


def test_an_artifact_is_frozen() -> None:
    with pytest.raises(AttributeError):
        Artifact(b"x", "image/png").data = b"y"


def test_an_artifact_does_not_print_its_bytes() -> None:
    assert repr(Artifact(b"x" * 10, "image/png")) == "Artifact(<10 bytes>, 'image/png', name=None)"


@pytest.mark.parametrize("content_type", ["text/plain; charset=utf-8", "image/svg+xml", "application/x-b"])
def test_a_content_type_is_taken_as_it_is(content_type: str) -> None:
    assert Artifact(b"", content_type).content_type == content_type


@pytest.mark.parametrize("content_type", ["", "png", "image/", "image/png\r\nX: y", "image/ png", "é/x"])
def test_what_is_no_content_type_is_refused(content_type: str) -> None:
    with pytest.raises(ValueError, match="content type"):
        Artifact(b"", content_type)
