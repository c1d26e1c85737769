"""Benchmarks: what is measured, against whom, and how. `make bench` runs those of `benchmarks/workloads/`."""
