"""Every row, in the order of the closeness table."""

from async_conformance.rows import (
    access,
    chains,
    deliveries,
    failures,
    limits,
    running,
    status,
    submitting,
    webhooks,
)

ROWS = (
    *access.ROWS,
    *submitting.ROWS,
    *status.ROWS,
    *running.ROWS,
    *failures.ROWS,
    *webhooks.ROWS,
    *deliveries.ROWS,
    *chains.ROWS,
    *limits.ROWS,
)
