"""Any model output in your own bucket, whole or not at all.

Names are imported on first use: reading never pays for importing the writer, nor writing for the reader.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from truss_outputs.backoff import Backoff
    from truss_outputs.decorators import stores_failures, stores_outputs
    from truss_outputs.errors import (
        AlreadyExists,
        CorruptResult,
        InvalidKey,
        InvalidRequestId,
        MissingRequestId,
        ObjectNotFound,
        OutputError,
        SettingsError,
        StoreError,
        UnstorableOutput,
    )
    from truss_outputs.inputs.https_source import InputRefused, InputUnavailable
    from truss_outputs.inputs.reference import InputStream
    from truss_outputs.model_outputs import ModelOutputs
    from truss_outputs.results.document import (
        ArtifactReference,
        ResultReference,
        StorageRecord,
        StoredArtifact,
        StoredResult,
    )
    from truss_outputs.results.error_reason import error_reason
    from truss_outputs.results.failures import StoredFailure, stored_failures
    from truss_outputs.results.reader import OutputReader
    from truss_outputs.results.writer import OutputWriter
    from truss_outputs.settings.outputs import OutputSettings
    from truss_outputs.store import ObjectEntry, ObjectInfo, PutReceipt, Store
    from truss_outputs.stores.credentials import Credentials
    from truss_outputs.stores.local import LocalStore
    from truss_outputs.stores.memory import MemoryStore
    from truss_outputs.stores.s3.store import S3Store
    from truss_outputs.stores.url import from_url
    from truss_outputs.values.artifact import Artifact
    from truss_outputs.values.represent import represent
    from truss_outputs.values.restore import restores
    from truss_outputs.values.types.arrays import npz

__all__ = [
    "AlreadyExists",
    "Artifact",
    "ArtifactReference",
    "Backoff",
    "CorruptResult",
    "Credentials",
    "InputRefused",
    "InputStream",
    "InputUnavailable",
    "InvalidKey",
    "InvalidRequestId",
    "LocalStore",
    "MemoryStore",
    "MissingRequestId",
    "ModelOutputs",
    "ObjectEntry",
    "ObjectInfo",
    "ObjectNotFound",
    "OutputError",
    "OutputReader",
    "OutputSettings",
    "OutputWriter",
    "PutReceipt",
    "ResultReference",
    "S3Store",
    "SettingsError",
    "StorageRecord",
    "Store",
    "StoreError",
    "StoredArtifact",
    "StoredFailure",
    "StoredResult",
    "UnstorableOutput",
    "error_reason",
    "from_url",
    "npz",
    "represent",
    "restores",
    "stored_failures",
    "stores_failures",
    "stores_outputs",
]

# The module of each name. A test holds it equal to the imports for type checkers above.
_HOMES = {
    "AlreadyExists": "errors",
    "Artifact": "values.artifact",
    "ArtifactReference": "results.document",
    "Backoff": "backoff",
    "CorruptResult": "errors",
    "Credentials": "stores.credentials",
    "InputRefused": "inputs.https_source",
    "InputStream": "inputs.reference",
    "InputUnavailable": "inputs.https_source",
    "InvalidKey": "errors",
    "InvalidRequestId": "errors",
    "LocalStore": "stores.local",
    "MemoryStore": "stores.memory",
    "MissingRequestId": "errors",
    "ModelOutputs": "model_outputs",
    "ObjectEntry": "store",
    "ObjectInfo": "store",
    "ObjectNotFound": "errors",
    "OutputError": "errors",
    "OutputReader": "results.reader",
    "OutputSettings": "settings.outputs",
    "OutputWriter": "results.writer",
    "PutReceipt": "store",
    "ResultReference": "results.document",
    "S3Store": "stores.s3.store",
    "SettingsError": "errors",
    "StorageRecord": "results.document",
    "Store": "store",
    "StoreError": "errors",
    "StoredArtifact": "results.document",
    "StoredFailure": "results.failures",
    "StoredResult": "results.document",
    "UnstorableOutput": "errors",
    "error_reason": "results.error_reason",
    "from_url": "stores.url",
    "npz": "values.types.arrays",
    "represent": "values.represent",
    "restores": "values.restore",
    "stored_failures": "results.failures",
    "stores_failures": "decorators",
    "stores_outputs": "decorators",
}


def __getattr__(name: str) -> object:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = globals()[name] = getattr(import_module(f"{__name__}.{home}"), name)
    return value
