"""The scheme `s3://`: buckets in S3, and in every service that speaks S3."""

import os
from dataclasses import replace
from typing import Any

from truss_outputs.store import Store
from truss_outputs.stores.bucket_urls import check_bucket
from truss_outputs.stores.engines import open_with_engine
from truss_outputs.stores.s3 import settings
from truss_outputs.stores.s3.options import S3Options
from truss_outputs.stores.scheme import Scheme


def _open(bucket: str, prefix: str, options: S3Options) -> Store:
    """What the options leave open is taken from AWS's own variables, which obstore does not read."""
    found = settings.defaults(os.environ, {})
    missing: dict[str, Any] = {name: found[name] for name in found.keys() - options.given}
    options = replace(options, **missing)
    return open_with_engine(bucket, prefix, options, sdk=_open_sdk, obstore=_open_obstore)


def _open_sdk(bucket: str, prefix: str, options: S3Options) -> Store:
    from truss_outputs.stores.s3 import client
    from truss_outputs.stores.s3.store import S3Store

    connected = client.connect(
        endpoint_url=options.endpoint_url,
        region=options.region,
        credentials=options.credentials,
        web_identity=options.web_identity,
        addressing_style=options.addressing_style,
        answer_timeout=options.answer_timeout,
    )
    return S3Store(
        bucket=bucket,
        prefix=prefix,
        client=connected,
        attributes=client.attributes(options),
        unset_secrets=options.unset_secrets,
    )


def _open_obstore(bucket: str, prefix: str, options: S3Options) -> Store:
    from truss_outputs.stores.obstore.store import ObstoreStore
    from truss_outputs.stores.s3.obstore_connection import connect

    connection = connect(bucket, options)
    return ObstoreStore(scheme="s3", bucket=bucket, prefix=prefix, connection=connection)


SCHEME = Scheme(
    name="s3",
    example="s3://bucket/prefix",
    check=check_bucket,
    open=_open,
    options=S3Options,
    sdk="boto3",
    access=settings.ACCESS,
    objects=settings.OBJECTS,
    defaults=settings.defaults,
    check_settings=settings.check_settings,
    hosts=settings.hosts,
    unfinished="obstore lists no open multipart uploads: install boto3, or let a lifecycle rule abort them",
)
