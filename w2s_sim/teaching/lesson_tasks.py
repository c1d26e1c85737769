"""The tasks of the lessons beside the running example."""

from collections.abc import Sequence

import numpy as np

import w2s_sim as w2s
from w2s_sim.concepts.finite import smoothed

SOURCE_PRIOR = (0.5, 0.25, 0.15, 0.1)


def leaning(
    share: float, bias: float = 0.7, weak_noise: float = 0.5, source_prior: Sequence[float] = SOURCE_PRIOR
) -> w2s.TransferTask:
    """Return the running example with a weak model that leans to a wrong concept, the first one.

    Args:
        share: Share of the way from the wanted to the wrong concept.
        bias: Bias kappa across all concepts, in label units.
        weak_noise: Noise sigma' of the weak labels, in label units.
        source_prior: Prior of the strong model over the four concepts.
    """
    vectors = np.eye(4, 8)
    vectors[3] += share * (vectors[0] - vectors[3])
    vectors[3, 7] += bias
    return w2s.regression_task(
        8,
        4,
        source_prior=list(source_prior),
        target_prior=[0, 0, 0, 1],
        supervisor=w2s.RegressionSupervisor(vectors, weak_noise),
    )


def leaning_to_source(
    share: float, bias: float, features: "str | w2s.FeatureLaw | np.ndarray" = "gaussian"
) -> w2s.TransferTask:
    """Return the running example with a weak model that leans to the source.

    Args:
        share: Share of the way from the target to the source.
        bias: Bias kappa across all concepts, in label units.
        features: Law, name or covariance of the features.
    """
    task = w2s.canonical_task()
    vectors = np.asarray(task.source.vectors) + share * np.asarray(task.source_vector - task.target_vector)
    return w2s.regression_task(
        8,
        4,
        source_prior=task.source.prior,
        target_prior=task.target_prior,
        features=features,
        supervisor=w2s.RegressionSupervisor(vectors + bias * np.eye(8)[7], 0.5),
    )


def table_task(target_prior: Sequence[float], share: float = 0.0) -> w2s.FiniteTask:
    """Return three concepts that are tables of probabilities of four labels in two contexts.

    The fourth label is rare under every concept.

    Args:
        target_prior: Prior over the three concepts.
        share: Share of the weak labels that are replaced by uniformly drawn ones.
    """
    likely = {0: (0, 2), 1: (1, 0), 2: (2, 1)}
    tables = np.full((3, 2, 4), 0.05)
    tables[..., 3] = 0.02
    for concept, labels in likely.items():
        tables[concept, [0, 1], labels] = 0.88
    source = w2s.CategoricalModel([0.6, 0.3, 0.1], tables, [0.5, 0.5])
    return w2s.FiniteTask(source, list(target_prior), smoothed(source, share) if share else source)
