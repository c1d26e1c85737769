"""Replicates per second of the engine, compared with the same simulation in a NumPy loop.

Run: python benchmarks/replication.py. Quote the ratio, not the times: machines differ and drift.
"""

import time
from collections.abc import Callable

import numpy as np
from rich.console import Console
from rich.table import Table

import w2s_sim as w2s

ROUNDS = 5
ENGINE_REPLICATES = 20_480
LOOP_REPLICATES = 2_000
RIDGE, NUM_WEAK, NUM_DEMONSTRATIONS = 0.3, 60, 16


def excess_risk(key, case):
    """Return one replicate: the excess risk of a fitted student."""
    return case.task.excess_risk(case.fit(key=key))


def numpy_ridge(task: w2s.TransferTask) -> Callable[[np.random.Generator], float]:
    """Ridge towards the source on point-mass Gaussian data, in plain NumPy."""
    source, target, weak = (np.asarray(v) for v in (task.source_vector, task.target_vector, task.weak_vector))
    dim, noise = task.dim, float(task.supervisor.noise)

    def replicate(generator: np.random.Generator) -> float:
        inputs = generator.standard_normal((NUM_WEAK, dim))
        labels = inputs @ weak + noise * generator.standard_normal(NUM_WEAK)
        moment = inputs.T @ inputs / NUM_WEAK + RIDGE * np.eye(dim)
        student = source + np.linalg.solve(moment, inputs.T @ (labels - inputs @ source) / NUM_WEAK)
        return float(np.sum((student - target) ** 2))

    return replicate


def numpy_in_context(task: w2s.TransferTask) -> Callable[[np.random.Generator], float]:
    """The refined labeller, in plain NumPy."""
    vectors, target, weak = (
        np.asarray(v) for v in (task.source.vectors, task.target_vector, task.weak_vector)
    )
    dim, noise, weak_noise = task.dim, float(task.source.noise), float(task.supervisor.noise)
    log_prior = np.log(np.asarray(task.source.prior))

    def replicate(generator: np.random.Generator) -> float:
        inputs = generator.standard_normal((NUM_DEMONSTRATIONS, dim))
        labels = inputs @ weak + weak_noise * generator.standard_normal(NUM_DEMONSTRATIONS)
        residuals = labels[:, None] - inputs @ vectors.T
        weights = log_prior - 0.5 * np.sum(residuals**2, axis=0) / noise**2
        weights = np.exp(weights - weights.max())
        return float(np.sum((weights @ vectors / weights.sum() - target) ** 2))

    return replicate


def rate(run: Callable[[], object], count: int) -> float:
    """Return the replicates per second of one run."""
    started = time.perf_counter()
    run()
    return count / (time.perf_counter() - started)


def main() -> None:
    """Time both implementations alternately, and print the medians of the rates and of their ratios."""
    task = w2s.canonical_task()
    table = Table("estimator", "engine (replicates/s)", "numpy loop", "ratio (median, range)", box=None)
    for name, estimator, by_hand in (
        ("ridge, n=60", w2s.Ridge(RIDGE, num_weak=NUM_WEAK), numpy_ridge(task)),
        ("in context, n=16", w2s.InContext(NUM_DEMONSTRATIONS), numpy_in_context(task)),
    ):
        case = w2s.Case("", task, estimator)

        def engine(start: int, case: w2s.Case = case) -> np.ndarray:
            return w2s.replicate(excess_risk, case, seed=0, start=start, stop=start + ENGINE_REPLICATES)

        def loop(seed: int, by_hand: Callable = by_hand) -> list[float]:
            generator = np.random.default_rng(seed)
            return [by_hand(generator) for _ in range(LOOP_REPLICATES)]

        engine(0)  # compiles
        pairs = [
            (
                rate(lambda i=i: engine(i * ENGINE_REPLICATES), ENGINE_REPLICATES),
                rate(lambda i=i: loop(i), LOOP_REPLICATES),
            )
            for i in range(ROUNDS)
        ]
        ratios = [fast / slow for fast, slow in pairs]
        rates = np.median(np.array(pairs), axis=0)
        spread = f"{np.median(ratios):.1f} ({min(ratios):.1f} to {max(ratios):.1f})"
        table.add_row(name, f"{rates[0]:,.0f}", f"{rates[1]:,.0f}", spread)
    Console().print(table)


if __name__ == "__main__":
    main()
