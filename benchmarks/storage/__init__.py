"""How fast results are stored."""
