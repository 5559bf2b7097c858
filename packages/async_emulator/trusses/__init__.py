"""From the files of a Truss or a chain to what a replica needs."""
