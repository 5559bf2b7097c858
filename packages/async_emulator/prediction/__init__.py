"""From a queued or sync request to the model and back."""
