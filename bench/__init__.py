"""Benchmarks: figures with their limits, each process measured whole. `make bench-extract`."""
