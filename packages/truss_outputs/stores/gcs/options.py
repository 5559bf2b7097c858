"""The options of a bucket in Google Cloud Storage."""

from dataclasses import dataclass

from pydantic import SecretStr

from truss_outputs.stores.options import StoreOptions


@dataclass(frozen=True, kw_only=True)
class GCSOptions(StoreOptions):
    """`service_account` is a key's or a workload identity's JSON; by default Google's own chain is asked."""

    service_account: SecretStr | None = None
    kms_key_name: str | None = None
