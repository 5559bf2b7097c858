"""The inference API over HTTP: routing, limits, request bodies and answers."""
