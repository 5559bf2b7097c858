"""The emulator around the conformance Truss, in this process."""

from tests.integration.conformance.conftest import conformance

__all__ = ["conformance"]
