"""Commands that call the API for one request."""
