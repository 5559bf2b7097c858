"""Every row, in the order of the closeness table."""

from async_conformance.rows import access

ROWS = (*access.ROWS,)
