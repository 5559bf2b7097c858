"""A Python environment for each Truss."""
