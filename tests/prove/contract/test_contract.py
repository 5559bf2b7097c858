"""Every test of the stores' contract that needs a store alone, on servers that others wrote."""

import inspect
from collections.abc import Callable

import pytest

from tests.contract.stores import test_results, test_stores, test_streams, test_upkeep
from tests.prove.contract.servers import opened
from truss_outputs import StoreError

for module in (test_results, test_stores, test_streams, test_upkeep):
    for name, function in vars(module).items():
        if name.startswith("test_") and "store" in inspect.signature(function).parameters:
            globals()[name] = function


def test_obstore_cannot_be_tried_on_fake_gcs_server(endpoint_of: Callable[[str], str]) -> None:
    """It speaks Google's XML API, of which that server refuses a PUT. Once this fails, add the pair."""
    refused = pytest.raises(StoreError, match="put: 400: the service refused")
    with opened("fake-gcs-server", "obstore", endpoint_of("fake-gcs-server")) as store, refused:
        store.put("a", b"x", content_type="text/plain")
