"""`python -m tests.benchmarks`: figures of speed, side by side in one run."""
