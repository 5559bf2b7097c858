"""Google Cloud Storage: the scheme, both engines, and their errors."""
