"""A model or a chain from its folder to running replicas with a queue before them."""
