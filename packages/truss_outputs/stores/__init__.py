"""The stores that ship with the package, one folder a provider, and the registry of their url schemes."""
