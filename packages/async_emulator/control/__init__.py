"""The control path, only with --control: the clock, faults and deliveries in a test's hands."""
