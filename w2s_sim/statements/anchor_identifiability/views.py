"""Laws of contexts of weak labels, and the errors of the estimates that anchors give."""

from functools import partial

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from w2s_sim.estimators import AnchoredChannel
from w2s_sim.estimators.anchored_channel import anchors_of
from w2s_sim.statements.contract.case import Case
from w2s_sim.statements.shared.finite_outcomes import outcome_laws
from w2s_sim.tasks.finite_task import FiniteTask

FiniteCase = Case[FiniteTask]


def weak_laws(task: FiniteTask) -> Float[Array, "K M"]:
    """Return q'_k(o), the weak model's law of a demonstration under each concept."""
    return jnp.exp(task.supervisor.log_outcome_probabilities())


def pair_law(task: FiniteTask) -> Float[Array, "M M"]:
    """Return J = sum_k alpha^Q_k q'_k q'_k^T, the law of two demonstrations of one context."""
    laws = weak_laws(task)
    return (task.target_prior * laws.T) @ laws


def anchors_in(task: FiniteTask) -> Int[Array, " K"]:
    """Return the anchors a_k that the strong model supplies."""
    return anchors_of(outcome_laws(task))


def anchor_probabilities(task: FiniteTask) -> Float[Array, " K"]:
    """Return q'_k(a_k), how often the weak model shows the anchor of each concept."""
    return weak_laws(task)[jnp.arange(task.num_concepts), anchors_in(task)]


@partial(jax.jit, static_argnames="size")
def mean_inverse_count(chance: Float[Array, "*k"], size: int) -> Float[Array, "*k"]:
    """Return E[1/N if N >= 1, else 0] of a binomial count N of `size` trials with the given chance."""
    counts = jnp.arange(1, size + 1)
    miss = 1.0 - chance[..., None]
    return jnp.sum((miss ** (size - counts) - miss**size) / counts, axis=-1)


def numbers_of(case: FiniteCase) -> tuple[int, int]:
    """Return the number N of contexts that the estimator reads, and the number of views of each."""
    assert isinstance(case.estimator, AnchoredChannel)
    return case.estimator.num_contexts, case.estimator.views


def law_errors(case: FiniteCase) -> Float[Array, " K"]:
    """Return E ||q^_k - q'_k||^2 of every concept, in squared probability."""
    task, (size, views) = case.task, numbers_of(case)
    laws, chance = weak_laws(task), task.target_prior * anchor_probabilities(task)
    spread = (1.0 - jnp.sum(laws**2, axis=1)) * mean_inverse_count(chance, size) / (views - 1)
    return spread + (1.0 - chance) ** size * jnp.sum((outcome_laws(task) - laws) ** 2, axis=1)


def weight_errors(case: FiniteCase) -> Float[Array, " K"]:
    """Return the bound on E|alpha^_k - alpha^Q_k| of every concept; 0 for concepts of target weight zero."""
    task, (size, views) = case.task, numbers_of(case)
    anchors, shown = anchors_in(task), anchor_probabilities(task)
    chance = task.target_prior * shown
    own = outcome_laws(task)[jnp.arange(task.num_concepts), anchors]
    of_anchor = shown * (1.0 - shown) * mean_inverse_count(chance, size) / (views - 1)
    of_anchor = of_anchor + (1.0 - chance) ** size * (own - shown) ** 2
    total = jnp.sqrt(of_anchor) + jnp.sqrt(chance * (1.0 - chance) / size)
    return jnp.where(chance > 0, total / jnp.where(chance > 0, shown, 1.0), 0.0)
