"""Google's client for its storage, set up for results. The SDK is imported only when a client is made."""

import json
import os
from typing import TYPE_CHECKING, Any

from pydantic import SecretStr

from truss_outputs.deadline import current_deadline
from truss_outputs.secrecy.exceptions import raise_alone
from truss_outputs.stores.credentials import NoAccess
from truss_outputs.stores.gcs.options import GCSOptions

if TYPE_CHECKING:
    from google.api_core.retry import Retry
    from google.auth.credentials import Credentials as GoogleCredentials
    from google.cloud.storage import Client

_SCOPE = "https://www.googleapis.com/auth/devstorage.read_write"
_POOL = 32
_RETRY_SECONDS = 20.0


def connect(options: GCSOptions) -> "Client":
    """A client for all threads and the whole process. Nothing is sent to the bucket yet.

    Raises ImportError without google-cloud-storage, and ValueError where the credentials cannot be read.
    """
    # Otherwise the SDK asks for the bucket's metadata in the background, at worst again at every put.
    os.environ.setdefault("DISABLE_GCS_PYTHON_CLIENT_OTEL_BUCKET_METADATA", "true")
    from google.auth.transport.requests import AuthorizedSession
    from google.cloud.storage import Client
    from requests.adapters import HTTPAdapter

    found: Any = credentials(options)
    session = AuthorizedSession(found)  # type: ignore[no-untyped-call]
    for start in ("https://", "http://"):
        session.mount(start, HTTPAdapter(pool_connections=_POOL, pool_maxsize=_POOL))
    endpoint = {"api_endpoint": options.endpoint_url} if options.endpoint_url else None
    # No call here needs a project, and looking for one costs time.
    return Client(project="unused", credentials=found, _http=session, client_options=endpoint)


def credentials(options: GCSOptions) -> "GoogleCredentials":
    """The credentials in the options, or else those of Google's own chain. Over http no token is sent."""
    import google.auth
    from google.auth.credentials import AnonymousCredentials

    if options.is_plain:
        return AnonymousCredentials()  # type: ignore[no-untyped-call]
    try:
        if options.service_account:
            return _of_json(options.service_account)
        found, _ = google.auth.default(scopes=[_SCOPE])
    except Exception as error:  # of Google's, of json's or of the library that reads the key
        given = "service_account_secret" if options.service_account else "Google's own chain"
        raise_alone(NoAccess(f"no credentials could be had from {given}: {type(error).__name__}"))
    return found


def _of_json(text: SecretStr) -> "GoogleCredentials":
    """The credentials in the JSON key of a service account, or in the JSON of a workload identity."""
    from google.auth import identity_pool
    from google.oauth2 import service_account

    given = json.loads(text.get_secret_value())
    kind: Any = identity_pool if given["type"] == "external_account" else service_account
    make = kind.Credentials.from_info if kind is identity_pool else kind.Credentials.from_service_account_info
    made: GoogleCredentials = make(given, scopes=[_SCOPE])
    return made


def retry() -> "Retry":
    """The SDK's own policy with shorter waits, for 20 seconds at most, or until the write's deadline."""
    from google.cloud.storage.retry import DEFAULT_RETRY

    deadline = current_deadline()
    policy: Retry = DEFAULT_RETRY.with_delay(initial=0.2, maximum=5.0, multiplier=2.0).with_timeout(
        _RETRY_SECONDS if deadline is None else min(_RETRY_SECONDS, deadline.left)
    )
    return policy
