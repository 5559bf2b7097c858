"""The command `truss-async serve`: its options, its settings, its life in a terminal."""
