"""Every operation of a store, and the secrets with which a store of each engine is opened."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

from pydantic import SecretStr

from truss_outputs import Credentials, S3Store, Store, from_url
from truss_outputs.deadline import Deadline, within
from truss_outputs.stores.azure.options import AzureOptions
from truss_outputs.stores.azure.store import AzureStore
from truss_outputs.stores.gcs.options import GCSOptions
from truss_outputs.stores.gcs.store import GCSStore
from truss_outputs.stores.options import Engine, StoreOptions
from truss_outputs.stores.s3.options import S3Options

KINDS = ("s3 sdk", "s3 obstore", "gs sdk", "gs obstore", "az sdk", "az obstore")
CANARY = "Q0FOQVJZ/CANARY+CANARY/Q0FOQVJZQ0FOQVJZA"  # a secret key, and base64, as a key of Azure is
_KEY_ID = "AKIACANARYCANARYCANA"
TEXT = "text/plain"

OPERATIONS: dict[str, Callable[[Store], object]] = {
    "put": lambda store: store.put("a", b"x", content_type=TEXT),
    "create": lambda store: store.put("a", b"x", content_type=TEXT, create=True),
    "stream": lambda store: store.put("a", iter([b"x" * 9_000_000]), content_type=TEXT),
    "get": lambda store: store.get("a"),
    "open": lambda store: list(store.open("a")),
    "head": lambda store: store.head("a"),
    "list": lambda store: list(store.list()),
    "delete": lambda store: store.delete("a"),
}


def one_try() -> AbstractContextManager[None]:
    """A block in which nothing is tried again: no pause fits into the time that is left."""
    return within(Deadline(1e-9, clock=lambda: 0.0))


@contextmanager
def opened(kind: str, endpoint: str, seconds: float = 1.0) -> Iterator[Store]:
    """A store that has every secret that its service takes, at an endpoint of the test's."""
    scheme, _, name = kind.partition(" ")
    engine: Engine = "sdk" if name == "sdk" else "obstore"
    options: StoreOptions
    match scheme:
        case "s3":
            key = Credentials(
                access_key_id=SecretStr(_KEY_ID),
                secret_access_key=SecretStr(CANARY),
                session_token=SecretStr(CANARY),
            )
            options = S3Options(
                endpoint_url=endpoint,
                region="us-east-1",
                credentials=key,
                engine=engine,
                write_timeout_seconds=seconds,
            )
        case "gs":
            options = GCSOptions(endpoint_url=endpoint, engine=engine, write_timeout_seconds=seconds)
        case _:
            options = AzureOptions(
                endpoint_url=f"{endpoint}/account",
                account_key=SecretStr(CANARY),
                engine=engine,
                write_timeout_seconds=seconds,
            )
    store = from_url(f"{scheme}://results/prefix", options=options)
    yield store
    match store:
        case S3Store() | AzureStore():
            store.client.close()
        case GCSStore():
            store.blob("any").client.close()
