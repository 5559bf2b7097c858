"""The delivery of results to webhooks: signed, sent twice at most, never to a private address."""
