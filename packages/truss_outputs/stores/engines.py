"""Which engine opens a bucket: obstore where it is installed, the service's own SDK otherwise."""

from collections.abc import Callable
from importlib.util import find_spec
from typing import TypeVar

from truss_outputs.store import Store
from truss_outputs.stores.options import StoreOptions

_Options = TypeVar("_Options", bound=StoreOptions)


def open_with_engine(
    place: str,
    path: str,
    options: _Options,
    *,
    sdk: Callable[[str, str, _Options], Store],
    obstore: Callable[[str, str, _Options], Store],
) -> Store:
    """The store that the engine in `options` opens; "auto" takes obstore where it is installed.

    Raises ImportError where a package is not installed, ValueError for what the engine rejects.
    """
    is_fast = options.engine == "obstore" or (options.engine == "auto" and find_spec("obstore") is not None)
    return (obstore if is_fast else sdk)(place, path, options)
