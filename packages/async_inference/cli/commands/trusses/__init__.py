"""Commands that look at a Truss's folder."""
