"""Runs and controls the emulator from Python, for tests."""
