"""Refinement on the whole weak law instead of a sample: sums over outcomes in place of means over data."""

import jax.numpy as jnp
from jaxtyping import Array, Float

from w2s_sim.estimators.iterated_refinement import (
    IteratedRefinement,
    iterate_refinement,
    refinement_path,
)
from w2s_sim.finite_task import FiniteTask
from w2s_sim.statements.case import Case

MIXED_TARGET = [0.1, 0.2, 0.3, 0.4]
FAR_PRIOR = [0.997, 0.001, 0.001, 0.001]


def refined(name: str, task: FiniteTask, rounds: int) -> Case[FiniteTask]:
    """A case of T rounds; its sample size plays no part."""
    return Case(name, task, IteratedRefinement(rounds, num_weak=1000))


def refined_prior(case: Case[FiniteTask]) -> Float[Array, " K"]:
    """alpha_T on the population."""
    assert isinstance(case.estimator, IteratedRefinement)
    # Traced, so that one program serves every number of rounds.
    return iterate_refinement(*_population(case.task), jnp.asarray(case.estimator.rounds))


def population_path(case: Case[FiniteTask]) -> Float[Array, "rounds+1 K"]:
    """alpha_0..alpha_T on the population."""
    assert isinstance(case.estimator, IteratedRefinement)
    return refinement_path(*_population(case.task), case.estimator.rounds)


def _population(task: FiniteTask) -> tuple[Array, Array, Array]:
    return task.source.prior, task.source.log_outcome_probabilities().T, task.weak_law


def misfit(task: FiniteTask, priors: Float[Array, "*t K"]) -> Float[Array, "*t"]:
    """KL(Q' || Q'_alpha) in nats, for each prior alpha."""
    laws = jnp.exp(task.source.log_outcome_probabilities())
    return relative_entropy(task.weak_law, priors @ laws)


def prior_divergence(task: FiniteTask) -> Float[Array, ""]:
    """KL(alpha^Q || alpha^P) in nats."""
    return relative_entropy(task.target_prior, task.source.prior)


def relative_entropy(first: Float[Array, "*a m"], second: Float[Array, "*b m"]) -> Float[Array, "*c"]:
    """KL(first || second) in nats along the last axis; infinite where the second law lacks an outcome."""
    seen = first > 0
    logs = jnp.log(jnp.where(seen, first, 1.0)) - jnp.log(jnp.where(seen, second, 1.0))
    return jnp.sum(jnp.where(seen, first * logs, 0.0), axis=-1)
