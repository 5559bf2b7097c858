"""Google Cloud Storage through google-cloud-storage."""
