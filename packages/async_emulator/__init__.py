"""Baseten's async inference service on one machine, around the real Truss server."""
