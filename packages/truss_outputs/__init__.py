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
