"""Inputs that a request only refers to."""
