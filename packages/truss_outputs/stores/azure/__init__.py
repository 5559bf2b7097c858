"""Azure Blob Storage: the scheme, both engines, the account, and their errors."""
