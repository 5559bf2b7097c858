"""The caller's side of Baseten's async inference: submit, follow, and fetch results from the bucket."""
