"""Build a Truss or a chain from its files, up to the spec that replicas start from."""
