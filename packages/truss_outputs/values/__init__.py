"""Values in an output: how each is stored, and read back."""
