"""Stored results: their form, and how they are written, committed, signed, read and cleaned up."""
