"""Any model output in your own bucket, whole or not at all.

Every name here is imported when it is first used: who reads results does not wait for what writes them, nor
the other way round.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from truss_outputs.artifact import Artifact
    from truss_outputs.backoff import Backoff
    from truss_outputs.credentials import Credentials
    from truss_outputs.errors import (
        AlreadyExists,
        CorruptResult,
        InvalidKey,
        InvalidRequestId,
        MissingRequestId,
        ObjectNotFound,
        OutputError,
        ResultNotReady,
        SettingsError,
        StoreError,
        UnstorableOutput,
    )
    from truss_outputs.failures import StoredFailure, stored_failures
    from truss_outputs.hooks import stores_failures, stores_outputs
    from truss_outputs.https_source import InputRefused, InputUnavailable
    from truss_outputs.input_reference import InputStream
    from truss_outputs.reader import OutputReader
    from truss_outputs.representation import represent
    from truss_outputs.representations.arrays import npz
    from truss_outputs.result import (
        ArtifactReference,
        ResultReference,
        StorageRecord,
        StoredArtifact,
        StoredResult,
    )
    from truss_outputs.settings import OutputSettings
    from truss_outputs.store import ObjectEntry, ObjectInfo, PutReceipt, Store
    from truss_outputs.stores.local import LocalStore
    from truss_outputs.stores.memory import MemoryStore
    from truss_outputs.stores.s3 import S3Store
    from truss_outputs.stores.url import from_url
    from truss_outputs.truss_model import ModelOutputs
    from truss_outputs.writer import OutputWriter

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
    "ResultNotReady",
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
    "from_url",
    "npz",
    "represent",
    "stored_failures",
    "stores_failures",
    "stores_outputs",
]

# In which module each name lives.
_HOMES = {
    "AlreadyExists": "errors",
    "Artifact": "artifact",
    "ArtifactReference": "result",
    "Backoff": "backoff",
    "CorruptResult": "errors",
    "Credentials": "credentials",
    "InputRefused": "https_source",
    "InputStream": "input_reference",
    "InputUnavailable": "https_source",
    "InvalidKey": "errors",
    "InvalidRequestId": "errors",
    "LocalStore": "stores.local",
    "MemoryStore": "stores.memory",
    "MissingRequestId": "errors",
    "ModelOutputs": "truss_model",
    "ObjectEntry": "store",
    "ObjectInfo": "store",
    "ObjectNotFound": "errors",
    "OutputError": "errors",
    "OutputReader": "reader",
    "OutputSettings": "settings",
    "OutputWriter": "writer",
    "PutReceipt": "store",
    "ResultNotReady": "errors",
    "ResultReference": "result",
    "S3Store": "stores.s3",
    "SettingsError": "errors",
    "StorageRecord": "result",
    "Store": "store",
    "StoreError": "errors",
    "StoredArtifact": "result",
    "StoredFailure": "failures",
    "StoredResult": "result",
    "UnstorableOutput": "errors",
    "from_url": "stores.url",
    "npz": "representations.arrays",
    "represent": "representation",
    "stored_failures": "failures",
    "stores_failures": "hooks",
    "stores_outputs": "hooks",
}


def __getattr__(name: str) -> object:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = globals()[name] = getattr(import_module(f"{__name__}.{home}"), name)
    return value
