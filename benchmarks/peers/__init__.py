"""The same computations in plain NumPy, as its expert writes them: what the benchmarks compare with."""
