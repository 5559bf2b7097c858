"""What `Store` promises, asked of every store."""

import hashlib
import os
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Barrier

import pytest

from truss_outputs import AlreadyExists, InvalidKey, ObjectNotFound, Store, StoreError

BINARY = "application/octet-stream"


def put(store: Store, key: str, body: bytes = b"body", *, create: bool = False) -> None:
    store.put(key, body, content_type=BINARY, create=create)


def keys(store: Store, prefix: str = "") -> list[str]:
    return [entry.key for entry in store.list(prefix)]


def test_what_was_put_is_got(store: Store) -> None:
    put(store, "a/b.bin", b"\0\xff")
    assert store.get("a/b.bin") == b"\0\xff"


def test_an_empty_body_is_an_object(store: Store) -> None:
    put(store, "empty", b"")
    assert store.get("empty") == b""
    assert store.head("empty").size == 0


def test_a_put_tells_size_and_checksum(store: Store) -> None:
    receipt = store.put("a", b"body", content_type=BINARY)
    assert receipt.size == 4
    assert receipt.sha256 == hashlib.sha256(b"body").hexdigest()


@pytest.mark.parametrize(
    ("key", "content_type"),
    [("a/result.json", "application/json"), ("a/x.png", "image/png"), ("a/x.bin", BINARY)],
)
def test_head_tells_type_size_and_time(store: Store, key: str, content_type: str) -> None:
    store.put(key, b"body", content_type=content_type)
    info = store.head(key)
    assert (info.key, info.size, info.content_type) == (key, 4, content_type)
    assert info.sha256 in (None, hashlib.sha256(b"body").hexdigest())
    assert abs(datetime.now(UTC) - info.modified) < timedelta(minutes=5)


def test_a_put_replaces_what_was_there(store: Store) -> None:
    put(store, "a", b"first")
    put(store, "a", b"second")
    assert store.get("a") == b"second"


def test_a_create_never_overwrites(store: Store) -> None:
    put(store, "a/b", b"first", create=True)
    with pytest.raises(AlreadyExists) as caught:
        put(store, "a/b", b"second", create=True)
    assert caught.value.url == store.url_of("a/b")
    assert store.get("a/b") == b"first"


def test_of_concurrent_creates_one_wins(store: Store) -> None:
    together = Barrier(16)

    def create(number: int) -> int | None:
        together.wait()
        try:
            put(store, "folder/race", str(number).encode(), create=True)
        except AlreadyExists:
            return None
        return number

    with ThreadPoolExecutor(16) as threads:
        winners = [winner for winner in threads.map(create, range(16)) if winner is not None]
    assert [store.get("folder/race")] == [str(winner).encode() for winner in winners]


def test_concurrent_puts_leave_one_whole_body(store: Store) -> None:
    bodies = [bytes([number]) * 50_000 for number in range(8)]
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda body: put(store, "same", body), bodies))
    assert store.get("same") in bodies


def test_a_large_body_comes_back_whole(store: Store) -> None:
    body = os.urandom(5_000_000)
    put(store, "large.bin", body)
    assert hashlib.sha256(store.get("large.bin")).digest() == hashlib.sha256(body).digest()


def test_what_is_absent_is_not_found(store: Store) -> None:
    put(store, "folder/there")
    for key in ("absent", "folder", "folder/there/below"):
        with pytest.raises(ObjectNotFound) as caught:
            store.get(key)
        assert caught.value.url == store.url_of(key)
        with pytest.raises(ObjectNotFound):
            store.head(key)


def test_what_was_deleted_is_absent(store: Store) -> None:
    put(store, "a/b")
    store.delete("a/b")
    with pytest.raises(ObjectNotFound):
        store.get("a/b")
    assert keys(store) == []


def test_to_delete_what_is_absent_is_no_error(store: Store) -> None:
    store.delete("absent")
    store.delete("no folder/absent")


def test_a_deleted_key_can_be_created_again(store: Store) -> None:
    put(store, "a", create=True)
    store.delete("a")
    put(store, "a", b"again", create=True)
    assert store.get("a") == b"again"


def test_a_listing_is_in_the_order_of_keys(store: Store) -> None:
    for key in ("b/2", "b/10", "a", "ab", "é", "b.c", "B"):
        put(store, key)
    assert keys(store) == ["B", "a", "ab", "b.c", "b/10", "b/2", "é"]


def test_a_listing_is_of_a_prefix(store: Store) -> None:
    for key in ("one/x", "one/y/z", "oneself", "two"):
        put(store, key)
    assert keys(store, "one/") == ["one/x", "one/y/z"]
    assert keys(store, "one") == ["one/x", "one/y/z", "oneself"]
    assert keys(store, "one/y/") == ["one/y/z"]
    assert keys(store, "three/") == []


def test_a_listing_tells_sizes(store: Store) -> None:
    put(store, "a", b"12345")
    assert [(entry.key, entry.size) for entry in store.list()] == [("a", 5)]


def test_an_empty_store_lists_nothing(store: Store) -> None:
    assert keys(store) == []


@pytest.mark.parametrize("key", ["with space/and more.txt", "日本語/été.png", "a+b=c&d%20e?f#g", "~(*)'!"])
def test_a_key_may_be_any_text(store: Store, key: str) -> None:
    put(store, key, key.encode())
    assert store.get(key) == key.encode()
    assert keys(store) == [key]


@pytest.mark.parametrize(
    "key",
    [
        "",
        "/absolute",
        "folder/",
        "a//b",
        "..",
        "../outside",
        "a/../../outside",
        "a/./b",
        ".hidden",
        "a\\b",
        "a\0b",
        "a\nb",
        "a\x7fb",
        "\ud800",
        "x" * 256,
        "x/" * 500 + "x",
    ],
)
def test_a_hostile_key_is_refused(store: Store, key: str) -> None:
    for operation in (store.get, store.head, store.delete, lambda key: put(store, key)):
        with pytest.raises(InvalidKey):
            operation(key)
    assert keys(store) == []


def test_urls_begin_with_the_stores_own(store: Store) -> None:
    assert store.url_of("a/b.json") == f"{store.url}/a/b.json"


def test_an_error_is_an_os_error_too(store: Store) -> None:
    with pytest.raises(FileNotFoundError):
        store.get("absent")
    put(store, "a")
    with pytest.raises(FileExistsError):
        put(store, "a", create=True)
    with pytest.raises(StoreError) as caught:
        put(store, "a", create=True)
    assert not caught.value.is_transient
