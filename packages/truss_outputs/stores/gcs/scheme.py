"""The scheme `gs://`: buckets in Google Cloud Storage."""

import re
from collections.abc import Mapping
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import AfterValidator

from truss_outputs.store import Store
from truss_outputs.stores.bucket_urls import check_bucket
from truss_outputs.stores.engines import open_with_engine
from truss_outputs.stores.gcs.options import GCSOptions
from truss_outputs.stores.scheme import Scheme
from truss_outputs.stores.setting import Setting, secret_setting

_KEY_NAME = re.compile(r"projects/[^/\s]+/locations/[^/\s]+/keyRings/[^/\s]+/cryptoKeys/[^/\s]+")


def _kms_key_name(value: str) -> str:
    if not _KEY_NAME.fullmatch(value):
        raise ValueError(f"found {value!r}; allowed: projects/P/locations/L/keyRings/R/cryptoKeys/K")
    return value


def _open(bucket: str, prefix: str, options: GCSOptions) -> Store:
    """Only the SDK sends a CMEK key."""
    if not options.kms_key_name:
        return open_with_engine(bucket, prefix, options, sdk=_open_sdk, obstore=_open_obstore)
    if options.engine == "obstore":
        raise ValueError("found kms_key_name with engine: obstore; allowed: engine: sdk or auto")
    return _open_sdk(bucket, prefix, options)


def _open_sdk(bucket: str, prefix: str, options: GCSOptions) -> Store:
    from truss_outputs.stores.gcs.client import connect
    from truss_outputs.stores.gcs.store import GCSStore

    return GCSStore(
        bucket=bucket,
        prefix=prefix,
        client=connect(options),
        kms_key_name=options.kms_key_name,
        storage_class=options.storage_class,
        metadata=options.metadata,
        answer_timeout=options.answer_timeout,
    )


def _open_obstore(bucket: str, prefix: str, options: GCSOptions) -> Store:
    from truss_outputs.stores.gcs.obstore_connection import connect
    from truss_outputs.stores.obstore.store import ObstoreStore

    connection = connect(bucket, options)
    return ObstoreStore(scheme="gs", bucket=bucket, prefix=prefix, connection=connection)


def _hosts(bucket: str, settings: Mapping[str, Any]) -> tuple[str, ...]:
    """That of the bucket, and of Google's own that of its token service."""
    if settings["endpoint_url"]:
        return (urlsplit(settings["endpoint_url"]).hostname or "",)
    return ("storage.googleapis.com", "oauth2.googleapis.com")


SCHEME = Scheme(
    name="gs",
    example="gs://bucket/prefix",
    check=check_bucket,
    open=_open,
    options=GCSOptions,
    sdk="google-cloud-storage",
    hosts=_hosts,
    # cloud.google.com/storage/docs/resumable-uploads
    unfinished="uploads that were interrupted are not listed: Google drops them after a week",
    access=(
        secret_setting(
            "service_account_secret",
            "The name of the Truss secret that holds the JSON key of a Google service account, or the JSON "
            "configuration of a workload identity. By default Google's own chain is used.",
        ),
    ),
    objects=(
        Setting(
            name="kms_key_name",
            type=Annotated[str, AfterValidator(_kms_key_name)] | None,
            description="The Cloud KMS key that GCS encrypts with: "
            "`projects/P/locations/L/keyRings/R/cryptoKeys/K`.",
        ),
    ),
)
