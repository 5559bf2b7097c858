"""Which engine opens a bucket: obstore where it is installed and can do what is asked, the SDK otherwise."""

import os
from collections.abc import Callable
from importlib.util import find_spec

from truss_outputs.store import Store
from truss_outputs.stores.azure import client as azure_client
from truss_outputs.stores.azure.account import account_of, check_words
from truss_outputs.stores.azure.store import AzureStore
from truss_outputs.stores.gcs import client as gcs_client
from truss_outputs.stores.gcs.store import GCSStore
from truss_outputs.stores.obstore import connect as obstore_client
from truss_outputs.stores.obstore import connect_azure as obstore_azure
from truss_outputs.stores.obstore.store import ObstoreStore
from truss_outputs.stores.options import StoreOptions
from truss_outputs.stores.s3 import client as s3_client
from truss_outputs.stores.s3.store import S3Store

Opener = Callable[[str, str, StoreOptions], Store]


def open_s3(bucket: str, prefix: str, options: StoreOptions) -> Store:
    """Raises ImportError where what is needed is not installed, ValueError for what an engine rejects."""
    return _opened(_s3_obstore, _s3_sdk, bucket, prefix, options)


def open_gs(bucket: str, prefix: str, options: StoreOptions) -> Store:
    """As `open_s3`. A CMEK key is only the SDK's to send."""
    if options.kms_key_name:
        if options.engine == "obstore":
            raise ValueError("found kms_key_name with engine: obstore; allowed: engine: sdk or auto")
        return _gs_sdk(bucket, prefix, options)
    return _opened(_gs_obstore, _gs_sdk, bucket, prefix, options)


def open_az(container: str, prefix: str, options: StoreOptions) -> Store:
    """As `open_s3`. What the options leave open is what Azure's own variables say."""
    check_words(options)
    return _opened(_az_obstore, _az_sdk, container, prefix, options)


def _opened(fast: Opener, sdk: Opener, bucket: str, prefix: str, options: StoreOptions) -> Store:
    match options.engine:
        case "sdk":
            return sdk(bucket, prefix, options)
        case "obstore":
            return fast(bucket, prefix, options)
    if find_spec("obstore"):
        return fast(bucket, prefix, options)
    return sdk(bucket, prefix, options)


def _s3_obstore(bucket: str, prefix: str, options: StoreOptions) -> Store:
    connection = obstore_client.connect_s3(bucket, options)
    return ObstoreStore(scheme="s3", bucket=bucket, prefix=prefix, connection=connection)


def _s3_sdk(bucket: str, prefix: str, options: StoreOptions) -> Store:
    client = s3_client.connect(
        endpoint_url=options.endpoint_url,
        region=options.region,
        credentials=options.credentials,
        web_identity=options.web_identity,
        addressing_style=options.addressing_style,
    )
    attributes = s3_client.attributes(options)
    return S3Store(bucket=bucket, prefix=prefix, client=client, attributes=attributes)


def _gs_obstore(bucket: str, prefix: str, options: StoreOptions) -> Store:
    connection = obstore_client.connect_gs(bucket, options)
    return ObstoreStore(scheme="gs", bucket=bucket, prefix=prefix, connection=connection)


def _gs_sdk(bucket: str, prefix: str, options: StoreOptions) -> Store:
    return GCSStore(
        bucket=bucket,
        prefix=prefix,
        client=gcs_client.connect(options),
        kms_key_name=options.kms_key_name,
        storage_class=options.storage_class,
        metadata=options.metadata,
    )


def _az_obstore(container: str, prefix: str, options: StoreOptions) -> Store:
    account = account_of(options, os.environ)
    connection = obstore_azure.connect_az(container, account, options)
    return ObstoreStore(scheme="az", bucket=container, prefix=prefix, connection=connection)


def _az_sdk(container: str, prefix: str, options: StoreOptions) -> Store:
    account = account_of(options, os.environ)
    return AzureStore(
        container=container,
        prefix=prefix,
        client=azure_client.connect(container, account),
        account=account,
        tier=options.storage_class,
        metadata=options.metadata,
    )
