"""The workloads, by the names that `python -m benchmarks.bench` takes."""
