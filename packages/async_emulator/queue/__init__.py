"""Where async requests wait, and the rules by which their status changes."""
