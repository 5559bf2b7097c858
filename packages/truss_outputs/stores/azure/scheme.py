"""The scheme `az://`: containers in Azure Blob Storage."""

import os
import re

from truss_outputs.store import Store
from truss_outputs.stores.azure import settings
from truss_outputs.stores.azure.account import account_of, check_options
from truss_outputs.stores.azure.options import AzureOptions
from truss_outputs.stores.bucket_urls import check_prefix
from truss_outputs.stores.engines import open_with_engine
from truss_outputs.stores.scheme import Scheme

_CONTAINER = re.compile(r"(?!.*--)[a-z0-9][a-z0-9-]{1,61}[a-z0-9]")


def _check(container: str, prefix: str) -> None:
    if not _CONTAINER.fullmatch(container):
        raise ValueError(
            "a container's name is 3 to 63 small letters, digits and single '-'; the account is a setting"
        )
    check_prefix(prefix)


def _open(container: str, prefix: str, options: AzureOptions) -> Store:
    """What the options leave open is taken from Azure's own variables."""
    check_options(options)
    return open_with_engine(container, prefix, options, sdk=_open_sdk, obstore=_open_obstore)


def _open_sdk(container: str, prefix: str, options: AzureOptions) -> Store:
    from truss_outputs.stores.azure.client import connect
    from truss_outputs.stores.azure.store import AzureStore

    account = account_of(options, os.environ)
    return AzureStore(
        container=container,
        prefix=prefix,
        client=connect(container, account, answer_timeout=options.answer_timeout),
        account=account,
        tier=options.storage_class,
        metadata=options.metadata,
    )


def _open_obstore(container: str, prefix: str, options: AzureOptions) -> Store:
    from truss_outputs.stores.azure.obstore_connection import connect
    from truss_outputs.stores.obstore.store import ObstoreStore

    connection = connect(container, account_of(options, os.environ), options)
    return ObstoreStore(scheme="az", bucket=container, prefix=prefix, connection=connection)


SCHEME = Scheme(
    name="az",
    example="az://container/prefix",
    check=_check,
    open=_open,
    options=AzureOptions,
    sdk="azure-storage-blob",
    access=settings.ACCESS,
    defaults=settings.defaults,
    check_settings=settings.check_settings,
    further_packages=settings.further_packages,
    hosts=settings.hosts,
    # learn.microsoft.com/rest/api/storageservices/put-block
    unfinished="blocks of interrupted uploads are not listed: Azure drops them after a week",
)
