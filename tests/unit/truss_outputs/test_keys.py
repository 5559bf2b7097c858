import string
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from truss_outputs import InvalidKey, InvalidRequestId, MemoryStore, OutputReader, OutputWriter, from_url
from truss_outputs.keys import (
    MARKER,
    artifact_key,
    artifact_name,
    check_key,
    content_type_of,
    distinct_names,
    request_folder,
    result_key,
)
from truss_outputs.results.failures import failure_of, stored_failures

SAFE = set(string.ascii_letters + string.digits + "._-")


@pytest.mark.parametrize(
    "request_id",
    [
        "35643965636d4c3da6f54b5c3b354aa0",
        "31255019cf83c4d0c7492a5006591e1f502a5",
        "a",
        "x" * 128,
        "with-dash_and_underscore",
    ],
)
def test_an_id_is_its_folder(request_id: str) -> None:
    assert request_folder(request_id) == request_id
    assert result_key(request_id) == f"{request_id}/result.json"


def test_what_follows_a_colon_is_not_the_id() -> None:
    assert request_folder("35643965:8f1b2c3d4e5f:user-1") == "35643965"
    assert request_folder("35643965:../../x") == "35643965"


@pytest.mark.parametrize(
    "request_id",
    ["", ":", "..", "../x", "a/b", "a\\b", "a.b", "a b", "a\n", "a\0", "é", "٣", "x" * 129, "x" * 10_000],
)
def test_a_hostile_id_is_refused(request_id: str) -> None:
    with pytest.raises(InvalidRequestId) as caught:
        request_folder(request_id)
    assert len(str(caught.value)) < 250
    assert "\n" not in str(caught.value)


@given(st.text())
def test_any_id_is_refused_or_one_safe_folder(request_id: str) -> None:
    try:
        folder = request_folder(request_id)
    except InvalidRequestId:
        return
    assert folder
    assert set(folder) <= SAFE - {"."}
    assert request_id.startswith(folder)


def test_a_refused_id_is_shown_whole() -> None:
    with pytest.raises(InvalidRequestId, match=r"'\.\./x:ray'"):
        request_folder("../x:ray")


def test_an_artifact_lies_below_its_attempt() -> None:
    assert artifact_key("r", "attempt", "a.png") == "r/attempt/a.png"


@pytest.mark.parametrize("part", ["", ".", "..", "../x", ".hidden", "a/b", "a\0", "a\n", "é", "x" * 200])
def test_a_hostile_part_of_a_key_is_refused(part: str) -> None:
    with pytest.raises(InvalidKey):
        artifact_key("r", part, "name")
    with pytest.raises(InvalidKey):
        artifact_key("r", "attempt", part)


def test_a_part_of_a_key_has_at_most_150_characters() -> None:
    assert artifact_key("r", "attempt", "x" * 150).endswith("x" * 150)
    with pytest.raises(InvalidKey):
        artifact_key("r", "attempt", "x" * 151)


@pytest.mark.parametrize(
    ("longest", "too_long"),
    [
        ("a" * 255, "a" * 256),
        ("é" * 127, "é" * 128),
        ("a/" * 449 + "aa", "a/" * 449 + "aaa"),
        ("é/" * 300, "é/" * 300 + "a"),
    ],
)
def test_a_key_and_its_segments_have_a_longest_length_in_bytes(longest: str, too_long: str) -> None:
    check_key(longest.rstrip("/"))
    with pytest.raises(InvalidKey, match="is longer than"):
        check_key(too_long)


@pytest.mark.parametrize(
    ("path", "content_type", "name"),
    [
        (("frames", 3), "image/png", "frames.3.png"),
        ((), "application/octet-stream", "output.bin"),
        (("text",), "text/plain; charset=utf-8", "text.txt"),
        (("text",), "text/plain ; charset=utf-8", "text.txt"),
        (("photo",), "image/jpg", "photo.jpg"),
        ((0,), "application/x-unheard-of", "0.bin"),
    ],
)
def test_an_artifact_is_named_after_its_path(
    path: tuple[str | int, ...], content_type: str, name: str
) -> None:
    assert artifact_name(path, content_type) == name


def test_names_that_would_be_equal_stay_distinct() -> None:
    assert distinct_names(["a b.png", "a/b.png", "a_b.png", "A_B.png", "a_b-2.png"]) == [
        "a_b.png",
        "a_b-2.png",
        "a_b-3.png",
        "A_B-4.png",
        "a_b-2-2.png",
    ]


def test_a_name_without_a_letter_becomes_output() -> None:
    assert distinct_names(["", "..."]) == ["output", "output-2"]


@pytest.mark.parametrize(
    ("key", "content_type"),
    [
        ("a/b.png", "image/png"),
        ("a.png/b", "application/octet-stream"),
        ("x.tar.gz", "application/gzip"),
        ("x.txt.bz2", "application/octet-stream"),
    ],
)
def test_the_suffix_of_a_key_tells_its_content_type(key: str, content_type: str) -> None:
    assert content_type_of(key) == content_type


@pytest.mark.parametrize(
    ("key", "problem"), [("a\\b", "a backslash"), ("a\nb", "a backslash"), ("\ud800", "not valid Unicode")]
)
def test_a_key_that_not_every_store_can_hold_says_why(key: str, problem: str) -> None:
    with pytest.raises(InvalidKey, match=problem):
        check_key(key)


def test_a_long_name_is_cut_and_keeps_its_ending() -> None:
    assert distinct_names(["s" * 101 + "." + "e" * 20]) == ["s" * 100 + "." + "e" * 19]


def test_no_artifact_looks_like_a_result() -> None:
    assert distinct_names(["result.json", "Result.JSON"]) == [
        "result-2.json",
        "Result-2.JSON".replace("-2", "-3"),
    ]


def test_many_equal_names_are_quickly_told_apart() -> None:
    assert len(set(distinct_names(["frame.png"] * 20_000))) == 20_000


@given(st.lists(st.text(max_size=300), max_size=20))
def test_any_names_become_safe_and_distinct(wanted: list[str]) -> None:
    names = distinct_names(wanted)
    assert len({name.casefold() for name in [*names, MARKER]}) == len(wanted) + 1
    for name in names:
        assert set(name) <= SAFE
        check_key(artifact_key("r", "attempt", name))


@given(st.text())
def test_any_key_is_refused_or_stays_inside(key: str) -> None:
    try:
        check_key(key)
    except InvalidKey:
        return
    assert all(part and not part.startswith(".") for part in key.split("/"))
    assert "\0" not in key


@pytest.mark.parametrize(
    "key",
    [
        "a/CON",
        "nul",
        "a/Aux.txt",
        "com1.tar.gz/x",
        "LPT¹",
        "a./b",
        "a/b.",
        "a /b",
        "a/b ",
        "a:b",
        "c:/x",
        "con .txt",
    ],
)
def test_a_key_that_windows_has_no_file_of_is_refused(key: str) -> None:
    with pytest.raises(InvalidKey, match="no name of a file on Windows"):
        check_key(key)


@pytest.mark.parametrize("key", ["console", "a/nul_", "com10", "a.b/c d", "a/auxiliary.txt"])
def test_a_key_that_only_begins_like_one_is_not(key: str) -> None:
    check_key(key)


def test_the_owner_of_a_bucket_may_choose_such_a_prefix() -> None:
    assert from_url("s3://bucket/con/a:b", region="us-east-1").url == "s3://bucket/con/a:b"


@pytest.mark.parametrize("nothing", [7, None, b"id", ["id"], "con", "NUL"])
def test_no_request_has_such_an_id(nothing: Any) -> None:
    for operation in (
        lambda: OutputWriter(MemoryStore("m")).write({}, nothing),
        lambda: OutputReader(MemoryStore("m")).load(nothing),
        lambda: stored_failures(MemoryStore("m"), nothing),
        lambda: failure_of(ValueError(), nothing, time=datetime.now(UTC)),
    ):
        with pytest.raises(InvalidRequestId, match="is not allowed: 1 to 128 letters"):
            operation()


@pytest.mark.parametrize("key", [7, None, b"key"])
def test_a_key_that_is_no_text_is_refused(key: Any) -> None:
    with pytest.raises(InvalidKey, match="it is no text"):
        MemoryStore("m").get(key)
