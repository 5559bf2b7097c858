"""What a stored result is: written, committed, read, signed, cleaned up after."""
