"""Measurements, each a command; results in docs/benchmarks.md."""
