"""Large inputs, which a request refers to instead of containing them."""
