"""A large input as a model's hook opens it: what goes wrong becomes an answer to the caller."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from truss_outputs.errors import StoreError
from truss_outputs.http_errors import http_error
from truss_outputs.inputs.https_source import HttpsSource, InputRefused, InputUnavailable
from truss_outputs.inputs.reference import InputStream, open_input
from truss_outputs.settings.sections import InputSettings
from truss_outputs.store import Store


@contextmanager
def model_input(
    reference: Any, *, store: Store, settings: InputSettings, https: HttpsSource | None
) -> Iterator[InputStream]:
    """Open the input that `reference` names; see `ModelOutputs.input`."""
    https = https or HttpsSource(allowed_hosts=settings.allowed_hosts, timeout=settings.timeout_seconds)
    try:
        with open_input(reference, store=store, settings=settings, https=https) as stream:
            yield stream
    except InputRefused as error:
        raise http_error(422, error) from error
    except (InputUnavailable, StoreError) as error:
        raise http_error(500, error) from error
