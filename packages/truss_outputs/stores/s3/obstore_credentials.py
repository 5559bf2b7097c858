"""Providers of S3 credentials for obstore.

obstore always gets one: by itself it would read the environment, or ask the cloud's metadata address. It
caches an answer until `expires_at`.
"""

import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from truss_outputs.secrecy.exceptions import raise_alone
from truss_outputs.stores.credentials import Credentials, WebIdentity, no_credentials
from truss_outputs.stores.obstore.errors import NoCredentials

if TYPE_CHECKING:
    from boto3.session import Session
    from obstore.store import S3Credential

# The SDK renews a key 10 minutes before it ends, at the latest.
_KEPT = timedelta(minutes=10)

_NAMESPACE = "{https://sts.amazonaws.com/doc/2011-06-15/}"
_CODE = re.compile(rb"<Code>(\w+)</Code>")


class CredentialProvider:
    """Calls `fetch` for credentials. `failure` says why the last call got none, or is None."""

    def __init__(self, fetch: "Callable[[], S3Credential]") -> None:
        self.failure: NoCredentials | None = None
        self._fetch = fetch

    def __call__(self) -> "S3Credential":
        """Called by obstore. Raises NoCredentials."""
        try:
            found = self._fetch()
        except NoCredentials as error:
            self.failure = error
            raise
        self.failure = None
        return found


def static(credentials: Credentials) -> CredentialProvider:
    """A provider of one key that never changes."""
    token = credentials.session_token

    def fetch() -> "S3Credential":
        return {
            "access_key_id": credentials.access_key_id.get_secret_value(),
            "secret_access_key": credentials.secret_access_key.get_secret_value(),
            "token": token.get_secret_value() if token else None,
            "expires_at": None,
        }

    return CredentialProvider(fetch)


def sdk_chain(session: "Session", unset_secrets: Sequence[str] = ()) -> CredentialProvider:
    """A provider that asks boto3's chain: environment, profile, single sign-on, the instance's role."""

    def fetch() -> "S3Credential":
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            found = session.get_credentials()
            if found is None:
                raise NoCredentials(no_credentials(unset_secrets), is_transient=False)
            key: Any = found.get_frozen_credentials()
        except (BotoCoreError, ClientError) as error:
            reason = f"{type(error).__name__}: no credentials could be had from the SDK's own chain"
            raise_alone(NoCredentials(reason, is_transient=False))
        return {
            "access_key_id": key.access_key,
            "secret_access_key": key.secret_key,
            "token": key.token,
            "expires_at": datetime.now(UTC) + _KEPT,
        }

    return CredentialProvider(fetch)


def sts_url(region: str) -> str:
    """The address of AWS's token service in a region (docs.aws.amazon.com/general/latest/gr/sts.html)."""
    return f"https://sts.{region}.amazonaws.com{'.cn' if region.startswith('cn-') else ''}/"


def assumed_role(identity: WebIdentity, *, url: str) -> CredentialProvider:
    """A provider of a role's temporary key, which AWS grants for the token. The SDK is not imported."""

    def fetch() -> "S3Credential":
        import urllib.error  # here, as together they cost a tenth of a cold start
        import urllib.request

        try:
            token = identity.token_file.read_text(encoding="utf-8").strip()
        except OSError as error:
            reason = f"the token file {identity.token_file} cannot be read: {error.strerror}"
            raise_alone(NoCredentials(reason, is_transient=False))
        query = {
            "Action": "AssumeRoleWithWebIdentity",
            "Version": "2011-06-15",
            "RoleArn": identity.role_arn,
            "RoleSessionName": identity.session_name,
            "WebIdentityToken": token,
        }
        request = urllib.request.Request(url, data=urlencode(query).encode())  # noqa: S310  # https, or a test's
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310
                return _granted(answer.read())
        except urllib.error.HTTPError as error:
            code = found.group(1).decode() if (found := _CODE.search(error.read())) else str(error.code)
            reason = f"{code}: AWS did not lend the role {identity.role_arn}"
            raise_alone(NoCredentials(reason, is_transient=error.code >= 500 or error.code == 429))
        except Exception as error:  # an answer that is none of AWS's, too
            reason = f"{type(error).__name__}: {url} cannot be asked for the role {identity.role_arn}"
            raise_alone(NoCredentials(reason, is_transient=True))

    return CredentialProvider(fetch)


def _granted(document: bytes) -> "S3Credential":
    from xml.etree import ElementTree

    found = ElementTree.fromstring(document).find(f".//{_NAMESPACE}Credentials")  # noqa: S314  # AWS's own
    if found is None:
        raise ValueError("no Credentials")
    of = {child.tag.removeprefix(_NAMESPACE): child.text or "" for child in found}
    return {
        "access_key_id": of["AccessKeyId"],
        "secret_access_key": of["SecretAccessKey"],
        "token": of["SessionToken"],
        "expires_at": datetime.fromisoformat(of["Expiration"]),
    }
