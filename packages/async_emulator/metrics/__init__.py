"""The platform's metrics, and the wrappers that measure."""
