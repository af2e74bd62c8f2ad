"""`/metrics`: what this process answered, and what all processes share, for Prometheus."""
