"""Regression example tasks for the statements' cases: the canonical task and its variations."""

from typing import Any

import jax
import numpy as np
from jaxtyping import Float

from w2s_sim.laws.feature_maps import MappedFeatures, PolynomialMap, random_fourier_map
from w2s_sim.laws.features import FeatureLaw, Gaussian, UniformCube
from w2s_sim.tasks.regression_task import TransferTask, canonical_task, regression_task
from w2s_sim.tasks.supervisors import RegressionSupervisor, noisy_supervisor

CANONICAL_SOURCE = [0.5, 0.25, 0.15, 0.1]
FOURTH_CONCEPT = [0.0, 0.0, 0.0, 1.0]


def canonical(**changes: Any) -> TransferTask:
    """Return the canonical task with some arguments of `regression_task` changed."""
    return canonical_in(8, **changes)


def canonical_in(dim: int, **changes: Any) -> TransferTask:
    """Return the canonical task in `dim` dimensions; concepts and bias do not use the additional features."""
    arguments: dict[str, Any] = {"source_prior": CANONICAL_SOURCE, "target_prior": FOURTH_CONCEPT}
    return regression_task(dim, 4, **arguments | changes)


def polynomial_features() -> TransferTask:
    """Return a task on the six monomials of degree at most 2 in two uniform inputs; three are the concepts.

    With Gaussian inputs, a weak model with a bias in these monomials would have infinite moments.
    """
    return _mapped(MappedFeatures(UniformCube(2), PolynomialMap(2, 2)))


def fourier_features() -> TransferTask:
    """Return a task on six random cosines of two inputs; three of them are the concepts."""
    return _mapped(MappedFeatures(Gaussian(2), random_fourier_map(2, 6, key=jax.random.key(0))))


def _mapped(features: MappedFeatures) -> TransferTask:
    return regression_task(
        6,
        3,
        source_prior=[0.5, 0.3, 0.2],
        target_prior=[0.0, 0.0, 1.0],
        features=features,
        bias=0.3,
    )


def noisy(weak_noise: float) -> TransferTask:
    """Return the canonical task with unbiased weak labels of noise sigma'."""
    return canonical(supervisor=noisy_supervisor(canonical_task().source, weak_noise))


def leaning_to_concept(share: float) -> TransferTask:
    """Return the task whose weak concept 4 lies `share` of the way to concept 1 (Voronoi border at 1/2)."""
    vectors = np.eye(4, 8)
    vectors[3] += share * (vectors[0] - vectors[3])
    return canonical(supervisor=RegressionSupervisor(vectors, 0.5))


def leaning_to_source(share: float) -> TransferTask:
    """Return the task whose weak model lies `share` of the way to the source, and 0.4 off the segment."""
    task = canonical_task()
    vectors = np.asarray(task.source.vectors) + share * np.asarray(task.source_vector - task.target_vector)
    return canonical(supervisor=RegressionSupervisor(vectors + 0.4 * np.eye(8)[7], 0.5))


def ten_dimensional() -> TransferTask:
    """Return the task with d = 10, K = 3 and target e_3."""
    return regression_task(10, 3, source_prior=[0.5, 0.3, 0.2], target_prior=[0.0, 0.0, 1.0])


def ten_dimensional_uniform() -> TransferTask:
    """Return the task with d = 10, K = 4, a uniform source prior and target e_4."""
    return regression_task(10, 4, source_prior=[0.25] * 4, target_prior=FOURTH_CONCEPT)


def many_concepts() -> TransferTask:
    """Return the task with d = 20, K = 8, a uniform source prior and target e_8."""
    return regression_task(20, 8, source_prior=[0.125] * 8, target_prior=[0.0] * 7 + [1.0])


def two_concepts() -> TransferTask:
    """Return the task with d = 6, K = 2, a uniform source prior and target e_2."""
    return regression_task(6, 2, source_prior=[0.5, 0.5], target_prior=[0.0, 1.0])


def oblique_concepts() -> TransferTask:
    """Return a task with three oblique concepts of unequal lengths in R^4, and a general weak model."""
    concepts = np.array([[1.0, 0.2, 0.0, 0.0], [0.3, 0.9, 0.4, 0.0], [-0.2, 0.5, 1.0, 0.0]])
    return regression_task(
        4,
        3,
        source_prior=[0.5, 0.3, 0.2],
        target_prior=[0.0, 0.0, 1.0],
        concepts=concepts.tolist(),
        supervisor=RegressionSupervisor(concepts + np.array([0.0, 0.1, 0.0, 0.5]), 0.6),
    )


def target_and_source(
    concepts: Float[np.ndarray, "2 d"],
    weak: Float[np.ndarray, "2 d"],
    *,
    features: FeatureLaw,
    weak_noise: float = 0.0,
) -> TransferTask:
    """Return a task whose target is the first concept and whose source knows the second alone."""
    return regression_task(
        concepts.shape[1],
        2,
        source_prior=[0.0, 1.0],
        target_prior=[1.0, 0.0],
        concepts=concepts.tolist(),
        features=features,
        supervisor=RegressionSupervisor(weak, weak_noise),
    )
