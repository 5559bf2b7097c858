"""Commands about a Truss's folder."""
