"""Example tasks for bregman-misfit: weak models that err across the mixtures of concepts, or within them."""

import numpy as np

from w2s_sim.concepts import CategoricalModel
from w2s_sim.statements.shared.finite_examples import TABLES, TABLES_PRIOR, random_tables, table_model
from w2s_sim.tasks.finite_task import FiniteTask

CONTEXTS = np.array([0.4, 0.6])
MIXED_TARGET = [0.1, 0.2, 0.3, 0.4]
# What the weak model says in the end: the projection of its law has these weights.
LEANING = np.array([0.3, 0.3, 0.2, 0.2])


def across_the_mixtures(size: float, target_prior: list[float] = MIXED_TARGET) -> FiniteTask:
    """Return the task of the tables whose weak law is T = S exp(-h) / c, with S the mixture `LEANING`.

    h has one mean under all four concepts, so that S is the projection of T, and lies inside the hull. The
    weak model says the same under every concept.

    Args:
        size: Largest absolute value of h, in nats.
        target_prior: Target prior alpha^Q.
    """
    laws = (CONTEXTS[:, None] * TABLES / 10.0).reshape(4, -1)
    # A direction orthogonal to all four laws has mean zero under each of them.
    direction = np.linalg.svd(laws)[2][-1]
    weak = LEANING @ laws * np.exp(-size * direction / np.abs(direction).max())
    shown = (weak / weak.sum()).reshape(2, 3)
    contexts = shown.sum(axis=1)
    tables = np.broadcast_to(shown / contexts[:, None], (4, 2, 3))
    return FiniteTask(table_model(), target_prior, CategoricalModel(TABLES_PRIOR, tables, contexts))


def erring_weak_model(seed: int) -> FiniteTask:
    """Return a task with random concepts and a weak model whose tables are drawn independently of them."""
    source, target_prior = random_tables(seed)
    weak, _ = random_tables(seed + 1000)
    return FiniteTask(source, target_prior, weak.with_prior(source.prior))


def unknown_concept() -> FiniteTask:
    """Return a task whose source excludes the second concept, which the target mixes with the first."""
    return FiniteTask(table_model([0.6, 0.0, 0.2, 0.2]), [0.3, 0.7, 0.0, 0.0], table_model())
