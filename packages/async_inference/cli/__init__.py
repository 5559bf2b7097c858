"""The command `truss-async`."""
