"""Fine-tuning in NumPy as a researcher writes it at first: a function of one data set, in a loop."""

import os
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from benchmarks.peers.ridge import RidgeProblem, batches, moments_of_data

# Risks of one data set: one number, or one for each penalty.
Replicate = Callable[[np.random.Generator], np.ndarray | np.floating]


def data(problem: RidgeProblem, generator: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Draw inputs (n, d), and labels relative to the source's, (n,)."""
    dtype = problem.source.dtype.type
    inputs = generator.standard_normal((problem.num_weak, len(problem.source)), dtype=dtype)
    errors = generator.standard_normal(problem.num_weak, dtype=dtype)
    return inputs, inputs @ (problem.weak - problem.source) + dtype(problem.noise) * errors


def one_solve(problem: RidgeProblem, ridge: float) -> Replicate:
    """One ridge student by `np.linalg.solve`."""
    penalty = (ridge * np.eye(len(problem.source))).astype(problem.source.dtype)

    def replicate(generator: np.random.Generator) -> np.floating:
        inputs, labels = data(problem, generator)
        count = problem.num_weak
        step = np.linalg.solve(inputs.T @ inputs / count + penalty, inputs.T @ labels / count)
        return np.sum((problem.source + step - problem.target) ** 2)

    return replicate


def one_path(problem: RidgeProblem, ridges: Sequence[float]) -> Replicate:
    """A path of ridge students from one `np.linalg.eigh`."""
    penalties = np.asarray(ridges, problem.source.dtype)

    def replicate(generator: np.random.Generator) -> np.ndarray:
        inputs, labels = data(problem, generator)
        spectrum, basis = np.linalg.eigh(inputs.T @ inputs / problem.num_weak)
        pull = basis.T @ (inputs.T @ labels) / problem.num_weak
        steps = (pull / (spectrum + penalties[:, None])) @ basis.T
        return np.sum((problem.source + steps - problem.target) ** 2, axis=1)

    return replicate


def scikit_learn_path(problem: RidgeProblem, ridges: Sequence[float]) -> Replicate:
    """A path of ridge students, each fitted by scikit-learn's `Ridge`."""
    from sklearn.linear_model import Ridge

    models = [Ridge(alpha=ridge * problem.num_weak, fit_intercept=False) for ridge in ridges]

    def replicate(generator: np.random.Generator) -> np.ndarray:
        inputs, labels = data(problem, generator)
        steps = np.array([model.fit(inputs, labels).coef_ for model in models])
        return np.sum((problem.source + steps - problem.target) ** 2, axis=1)

    return replicate


def in_a_loop(replicate: Replicate, replicates: int, seed: int) -> np.ndarray:
    """Risks of many data sets, one after the other."""
    generator = np.random.default_rng(seed)
    return np.array([replicate(generator) for _ in range(replicates)])


def on_all_cores(
    function: Callable[..., np.ndarray], problem: RidgeProblem, *arguments: Any, replicates: int, seed: int
) -> np.ndarray:
    """Divide a batched function of `benchmarks.peers.ridge` among one process a core, by joblib."""
    from joblib import Parallel, delayed

    processes = os.cpu_count() or 1
    generators = np.random.default_rng(seed).spawn(processes)
    share = -(-replicates // processes)
    # joblib gives BLAS in each process its share of the threads.
    parts: Any = Parallel(n_jobs=processes)(
        delayed(function)(problem, *arguments, share, generator) for generator in generators
    )
    return np.concatenate(list(parts))[:replicates]


def gradient_steps(
    problem: RidgeProblem, steps: int, step_size: float, replicates: int, generator: np.random.Generator
) -> np.ndarray:
    """Risks after gradient descent, shape (replicates,): batched steps on the normal equations."""
    pace = problem.source.dtype.type(step_size)
    risks = []
    for size in batches(replicates):
        covariance, residual = moments_of_data(problem, size, generator)
        moved = np.zeros_like(residual)
        for _ in range(steps):
            moved += pace * (residual - (covariance @ moved[..., None])[..., 0])
        risks.append(np.sum((problem.source + moved - problem.target) ** 2, axis=1))
    return np.concatenate(risks)


def gradient_by_eigh(
    problem: RidgeProblem, steps: int, step_size: float, replicates: int, generator: np.random.Generator
) -> np.ndarray:
    """The same in closed form, from one batched `np.linalg.eigh`."""
    risks = []
    for size in batches(replicates):
        covariance, residual = moments_of_data(problem, size, generator)
        spectrum, basis = np.linalg.eigh(covariance)
        turned = np.swapaxes(basis, 1, 2)
        gain = 1 - (1 - problem.source.dtype.type(step_size) * spectrum) ** steps
        pull = (turned @ residual[..., None])[..., 0]
        error = turned @ (problem.source - problem.target) + gain / spectrum * pull
        risks.append(np.sum(error**2, axis=1))
    return np.concatenate(risks)
