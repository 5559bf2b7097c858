"""truss itself, in a process of its own."""
