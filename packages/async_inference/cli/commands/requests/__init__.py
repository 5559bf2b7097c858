"""Commands that call the API: a request is submitted, asked for, canceled."""
