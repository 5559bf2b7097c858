"""What operators see of each result: a log record, a span, and metrics."""
