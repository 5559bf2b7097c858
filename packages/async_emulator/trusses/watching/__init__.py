"""Deploying a Truss again when its files change."""
