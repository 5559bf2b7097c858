"""The queue of async requests, and the rules by which their status changes."""
