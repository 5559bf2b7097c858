"""How fast the emulator is."""
