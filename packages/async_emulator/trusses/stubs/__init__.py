"""Stand-ins for a model's own `predict` and `load`, which cannot run on this machine."""
