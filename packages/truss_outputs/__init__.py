"""Any model output in your own bucket, whole or not at all."""

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
from truss_outputs.reader import OutputReader
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
    "StoredResult",
    "UnstorableOutput",
    "from_url",
]
