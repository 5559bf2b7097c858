"""What `truss-async check` looks at before a push."""
