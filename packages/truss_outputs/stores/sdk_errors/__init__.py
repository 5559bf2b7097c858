"""What all providers share to turn the errors of SDKs and services into the store's own."""
