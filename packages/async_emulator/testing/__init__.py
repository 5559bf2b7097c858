"""The emulator from Python, for tests."""
