"""The command `truss-async serve`: its options, its settings, its run in a terminal."""
