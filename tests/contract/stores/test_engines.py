"""Two engines, one bucket: each reads what the other wrote, and neither overwrites the other's."""

import hashlib
import os
from collections.abc import Callable

import pytest

from truss_outputs import AlreadyExists, OutputReader, OutputWriter, Store, StoreError

Engines = tuple[Store, Store]
NO_BUCKET = r"(NoSuchBucket: there is no such bucket|ContainerNotFound: there is no such container)$"
BODY = os.urandom(20_000_000)


@pytest.fixture(params=["sdk first", "obstore first"])
def engines(request: pytest.FixtureRequest, two_engines: Engines) -> Engines:
    return two_engines if request.param == "sdk first" else two_engines[::-1]


@pytest.mark.parametrize(
    "key", ["a/result.json", "with space/and more.txt", "日本語/été.png", "a+b=c&d%20e?f#g"]
)
def test_each_reads_what_the_other_wrote(engines: Engines, key: str) -> None:
    one, other = engines
    one.put(key, b"body", content_type="image/png", create=True)
    assert other.get(key) == b"body"
    info = other.head(key)
    assert (info.key, info.size, info.content_type) == (key, 4, "image/png")
    assert [entry.key for entry in other.list()] == [key]
    other.delete(key)
    assert list(one.list()) == []


@pytest.mark.parametrize("make", [lambda: BODY, lambda: iter([BODY[:5], BODY[5:]])], ids=["bytes", "stream"])
def test_each_reads_what_the_other_uploaded_in_parts(engines: Engines, make: Callable[[], bytes]) -> None:
    one, other = engines
    receipt = one.put("long.bin", make(), content_type="video/mp4")
    whole = hashlib.sha256()
    for chunk in other.open("long.bin"):
        whole.update(chunk)
    assert whole.hexdigest() == receipt.sha256 == hashlib.sha256(BODY).hexdigest()
    info = other.head("long.bin")
    assert (info.size, info.content_type) == (len(BODY), "video/mp4")
    assert info.sha256 in (None, receipt.sha256)


def test_neither_creates_over_the_other(engines: Engines) -> None:
    one, other = engines
    one.put("a", b"first", content_type="text/plain", create=True)
    with pytest.raises(AlreadyExists):
        other.put("a", b"second", content_type="text/plain", create=True)
    assert one.get("a") == b"first"


def test_a_result_is_the_same_to_both(engines: Engines) -> None:
    one, other = engines
    output = {"title": "été", "frames": [b"\0one", b"\0two"]}
    reference = OutputWriter(one).write(output, "request")
    assert OutputWriter(other).write({"another": 1}, "request") == reference
    reader = OutputReader(other)
    assert reader.value(reader.load("request")) == output


def test_both_name_a_bucket_that_is_not_there(absent_buckets: Engines) -> None:
    for store in absent_buckets:
        with pytest.raises(StoreError, match=NO_BUCKET) as caught:
            store.put("a", b"x", content_type="text/plain")
        assert not caught.value.is_transient
        assert str(caught.value).startswith(f"{store.url}/a: ")
        with pytest.raises(StoreError, match=NO_BUCKET):
            list(store.list())
