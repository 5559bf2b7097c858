"""S3, GCS and Azure through obstore: the fast engine."""
