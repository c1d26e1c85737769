"""Errors of identification after every n = 1..N from nested paths of demonstrations.

For point-mass targets, Gaussian features of identity covariance and normal noise. Both peers draw batches of
contexts and read every prefix from one cumulative sum. They return what `w2s_sim.identification_errors` does:
means and standard errors of the mass off the target, of misidentification, and of the excess risk, per n.
"""

from collections.abc import Callable

import numpy as np
from jaxtyping import Float

import w2s_sim as w2s

# Contexts per batch: the features of one batch, 64 x 64 x 256 numbers, fit in the last cache.
BATCH = 64

Table = tuple[Float[np.ndarray, "3 n"], Float[np.ndarray, "3 n"]]


def example(num_concepts: int = 16, dim: int = 256, noise: float = 1.5) -> w2s.TransferTask:
    """Orthonormal concepts, an even source prior, the last concept as the target, and a biased weak model."""
    target = [0.0] * (num_concepts - 1) + [1.0]
    even = [1.0 / num_concepts] * num_concepts
    return w2s.regression_task(dim, num_concepts, source_prior=even, target_prior=target, noise=noise)


def errors_in_all_dimensions(
    task: w2s.TransferTask, up_to: int, replicates: int, seed: int, dtype: type = np.float32
) -> Table:
    """Draw all d features of every demonstration."""
    concepts, weak = (np.asarray(v, dtype) for v in (task.source.vectors, task.supervisor.vectors))
    return _errors(task, concepts, weak[int(task.target_concept)], up_to, replicates, seed, dtype)


def errors_in_the_span(
    task: w2s.TransferTask, up_to: int, replicates: int, seed: int, dtype: type = np.float32
) -> Table:
    """Draw only the coordinates in the span of the concepts and of the weak version of the target."""
    concepts = np.asarray(task.source.vectors, np.float64)
    weak = np.asarray(task.supervisor.vectors, np.float64)[int(task.target_concept)]
    basis, _ = np.linalg.qr(np.concatenate([concepts, weak[None]]).T)
    return _errors(
        task, (concepts @ basis).astype(dtype), (weak @ basis).astype(dtype), up_to, replicates, seed, dtype
    )


def _errors(
    task: w2s.TransferTask,
    concepts: Float[np.ndarray, "K d"],
    weak: Float[np.ndarray, " d"],
    up_to: int,
    replicates: int,
    seed: int,
    dtype: type,
) -> Table:
    generator, star = np.random.default_rng(seed), int(task.target_concept)
    noise, weak_noise = dtype(task.source.noise), dtype(task.supervisor.noise)
    log_prior = np.log(np.asarray(task.source.prior, dtype))
    wrong = np.arange(len(concepts)) != star
    gaps = concepts - concepts[star]
    # One product gives the means of the weak label and of all concepts.
    columns = np.concatenate([concepts, weak[None]]).T
    form = gaps @ gaps.T

    def batch(size: int) -> Float[np.ndarray, "contexts 3 n"]:
        inputs = generator.standard_normal((size, up_to, len(weak)), dtype=dtype)
        means = inputs @ columns
        labels = means[..., -1:] + weak_noise * generator.standard_normal((size, up_to, 1), dtype=dtype)
        logs = (labels - means[..., :-1]) / noise
        np.multiply(logs, logs, out=logs)
        logs *= dtype(-0.5)
        np.cumsum(logs, axis=1, out=logs)
        logs += log_prior
        logs -= logs.max(axis=2, keepdims=True)
        posterior = np.exp(logs)
        posterior /= posterior.sum(axis=2, keepdims=True)
        mass = posterior[..., wrong].sum(axis=2)
        missed = posterior.argmax(axis=2) != star
        risk = np.sum((posterior @ form) * posterior, axis=2)
        return np.stack([mass, missed, risk], axis=1)

    return _moments(batch, replicates)


def _moments(batch: Callable[[int], np.ndarray], replicates: int) -> Table:
    sizes = [min(BATCH, replicates - start) for start in range(0, replicates, BATCH)]
    values = np.concatenate([batch(size) for size in sizes])
    return values.mean(axis=0), values.std(axis=0, ddof=1) / np.sqrt(replicates)


def mass_off_target(
    task: w2s.TransferTask, num_demonstrations: int, replicates: int, seed: int, dtype: type = np.float32
) -> Float[np.ndarray, " replicates"]:
    """Naive sampling: the posterior mass off the target after n demonstrations, of every context."""
    generator, star = np.random.default_rng(seed), int(task.target_concept)
    concepts, weak = (np.asarray(v, dtype) for v in (task.source.vectors, task.supervisor.vectors))
    columns = np.concatenate([concepts, weak[star][None]]).T
    masses, size = [], max(1, 2**15 // num_demonstrations)
    for start in range(0, replicates, size):
        shape = (min(size, replicates - start), num_demonstrations)
        means = generator.standard_normal((*shape, len(columns)), dtype=dtype) @ columns
        noise = generator.standard_normal((*shape, 1), dtype=dtype)
        labels = means[..., -1:] + dtype(task.supervisor.noise) * noise
        squares = np.sum((labels - means[..., :-1]) ** 2, axis=1)
        logs = np.log(np.asarray(task.source.prior, dtype)) - squares / dtype(2 * task.source.noise**2)
        odds = np.exp(logs - logs[:, star, None])
        odds[:, star] = 0.0
        wrong = odds.sum(axis=1)
        masses.append(wrong / (1 + wrong))
    return np.concatenate(masses)
