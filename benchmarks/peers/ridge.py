"""Ridge regression towards the source in NumPy, as an expert would write it, to compare the package with.

Every function simulates replicates of one problem: n weak pairs with standard normal features, a student for
every penalty eta, and its excess risk. All work is batched, in one precision throughout; large arrays are
cut into batches that fit in a cache.
"""

import dataclasses
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

# Replicates that are computed at once.
BATCH = 512


@dataclasses.dataclass(frozen=True)
class RidgeProblem:
    """A fine-tuning problem with standard normal features and a point-mass target, in plain NumPy.

    Attributes:
        source: beta_P, shape (d,), in label units per feature unit.
        target: beta_Q, shape (d,).
        weak: beta'_Q, shape (d,).
        noise: sigma', in label units.
        num_weak: n.
    """

    source: np.ndarray
    target: np.ndarray
    weak: np.ndarray
    noise: float
    num_weak: int

    @classmethod
    def of(cls, task: Any, num_weak: int, dtype: Any = np.float32) -> "RidgeProblem":
        """Return the problem of a `TransferTask`, in the precision of the computation."""
        return cls(
            source=np.asarray(task.source_vector, dtype),
            target=np.asarray(task.target_vector, dtype),
            weak=np.asarray(task.weak_vector, dtype),
            noise=float(task.supervisor.noise),
            num_weak=num_weak,
        )


def batches(replicates: int) -> Iterator[int]:
    """Yield the sizes of the batches."""
    for start in range(0, replicates, BATCH):
        yield min(BATCH, replicates - start)


def moments_of_data(
    problem: RidgeProblem, size: int, generator: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Draw weak data, and return S, shape (size, d, d), and r, shape (size, d)."""
    dim, count, dtype = len(problem.source), problem.num_weak, problem.source.dtype.type
    inputs = generator.standard_normal((size, count, dim), dtype=dtype)
    errors = generator.standard_normal((size, count), dtype=dtype)
    residuals = inputs @ (problem.weak - problem.source) + dtype(problem.noise) * errors
    transposed = np.swapaxes(inputs, 1, 2)
    return transposed @ inputs / dtype(count), (transposed @ residuals[..., None])[..., 0] / dtype(count)


def risks_by_solve(
    problem: RidgeProblem, ridge: float, replicates: int, generator: np.random.Generator
) -> np.ndarray:
    """Risks of one ridge student, shape (replicates,), by a batched `np.linalg.solve`."""
    penalty = (ridge * np.eye(len(problem.source))).astype(problem.source.dtype)
    risks = []
    for size in batches(replicates):
        covariance, residual = moments_of_data(problem, size, generator)
        step = np.linalg.solve(covariance + penalty, residual[..., None])[..., 0]
        risks.append(np.sum((problem.source + step - problem.target) ** 2, axis=1))
    return np.concatenate(risks)


def path_by_eigh(
    problem: RidgeProblem, ridges: Sequence[float], replicates: int, generator: np.random.Generator
) -> np.ndarray:
    """Risks of a path of ridge students, shape (replicates, ridges), from one batched `np.linalg.eigh`."""
    penalties = np.asarray(ridges, problem.source.dtype)
    risks = []
    for size in batches(replicates):
        covariance, residual = moments_of_data(problem, size, generator)
        spectrum, basis = np.linalg.eigh(covariance)
        turned = np.swapaxes(basis, 1, 2)
        # Everything in the coordinates of the eigenvectors, where a student is one division.
        pull = (turned @ residual[..., None])[..., 0]
        error = turned @ (problem.source - problem.target)
        steps = pull[:, None] / (spectrum[:, None] + penalties[:, None])
        risks.append(np.sum((error[:, None] + steps) ** 2, axis=2))
    return np.concatenate(risks)


def path_by_traces(
    problem: RidgeProblem, ridges: Sequence[float], replicates: int, generator: np.random.Generator
) -> np.ndarray:
    """Mean risks given the spectrum of S, shape (replicates, ridges), for n >= d.

    The same reduction as in the package (theory/exact-reductions.md), so that what is left of a ratio is due
    to the code alone.
    """
    dim, count, dtype = len(problem.source), problem.num_weak, problem.source.dtype
    above = count - np.arange(dim)
    beside = np.arange(dim - 1, 0, -1)
    eta = np.asarray(ridges, dtype)[:, None]
    source_error, weak_error = problem.source - problem.target, problem.weak - problem.target
    risks = []
    for size in batches(replicates):
        gamma = generator.standard_gamma(
            0.5 * np.concatenate([above, beside])[:, None], (2 * dim - 1, size), dtype=dtype.type
        )
        squares = 2 * gamma / dtype.type(count)
        rest, slope, bend, lag = eta, np.ones_like(eta), np.zeros_like(eta), np.zeros_like(eta)
        kept = mixed = taken = noise = dtype.type(0)
        for place in range(dim):
            a = squares[place]
            inverse = 1 / (a + rest)
            gain, left, curved = (a + lag) * inverse, eta * slope * inverse, eta * bend * inverse
            kept = kept + left**2 + eta * curved
            mixed = mixed + gain * left - eta * curved
            taken = taken + gain**2 + eta * curved
            noise = noise + gain * slope * inverse - curved
            if place + 1 < dim:
                b = squares[dim + place]
                weight = b * inverse**2
                rest, slope, bend, lag = (
                    eta + b * rest * inverse,
                    1 + weight * a * slope,
                    weight * a * (bend + 2 * slope**2 * inverse),
                    weight * (rest**2 + a * lag),
                )
        of_source, of_both, of_weak = (
            source_error @ source_error,
            source_error @ weak_error,
            weak_error @ weak_error,
        )
        mean = (kept * of_source + 2 * mixed * of_both + taken * of_weak) / dtype.type(dim)
        risks.append((mean + dtype.type(problem.noise**2 / count) * noise).T)
    return np.concatenate(risks)
