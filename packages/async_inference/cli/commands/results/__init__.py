"""Commands that read the stored results."""
