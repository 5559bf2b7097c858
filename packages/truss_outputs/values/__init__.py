"""Values as they are stored, and as they are read back."""
