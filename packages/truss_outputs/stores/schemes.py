"""The registry of storage schemes: a further one is one more line, and the folder that it names."""

from types import MappingProxyType

from truss_outputs.stores import local, memory
from truss_outputs.stores.azure import scheme as azure
from truss_outputs.stores.gcs import scheme as gcs
from truss_outputs.stores.s3 import scheme as s3

SCHEMES = MappingProxyType(
    {
        each.SCHEME.name: each.SCHEME
        for each in (
            local,
            s3,
            gcs,
            azure,
            memory,
        )
    }
)
"""Every scheme by its name, in the order in which messages and settings list them."""
