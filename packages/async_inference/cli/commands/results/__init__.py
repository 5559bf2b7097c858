"""Commands that read the bucket."""
