"""Any model output in your own bucket, whole or not at all."""
