"""What is measured, and the demo. `python -m benchmarks` runs everything that `make bench` prints."""
