"""Posteriors of finite tasks by enumeration of all contexts, and the losses of what is drawn from them."""

from collections.abc import Callable
from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from w2s_sim.concepts.conditioning import log_posterior, log_weights
from w2s_sim.errors import InputError
from w2s_sim.estimators.intent_inference import named
from w2s_sim.statements.contract.case import Case
from w2s_sim.statements.shared.broken_learners import ModalEnsemble
from w2s_sim.statements.shared.finite_outcomes import outcome_laws, target_law
from w2s_sim.tasks.finite_task import FiniteTask

FiniteCase = Case[FiniteTask]
# Largest number of pairs of a context and a draw of all members.
MOST_TERMS = 2**20
# From the target's law and a student's, row by row, to losses.
Loss = Callable[[Float[Array, "*c M"], Float[Array, "*c M"]], Float[Array, "*c"]]


class Contexts(NamedTuple):
    """All contexts of n weak demonstrations.

    Attributes:
        probabilities: Probability of each context under the weak law, shape (C,).
        posteriors: Posterior of the concepts given each context, shape (C, K).
    """

    probabilities: Float[Array, " C"]
    posteriors: Float[Array, "C K"]


def contexts_of(case: FiniteCase) -> Contexts:
    """Return all M^n contexts of independent weak demonstrations, each in every order.

    Raises:
        InputError: If there are too many to enumerate.
    """
    size = case.estimator.sample_size
    require_few(case.task.source.num_outcomes**size * case.task.num_concepts)
    return _contexts(case.task, size)


def require_few(num_terms: int) -> None:
    """Raise if a sum has too many terms to enumerate.

    Raises:
        InputError: If so.
    """
    if num_terms > MOST_TERMS:
        given = f"{num_terms:,} contexts with draws of all members"
        raise InputError("num_demonstrations, members", given, f"at most {MOST_TERMS:,}, to enumerate them")


@eqx.filter_jit
def _contexts(task: FiniteTask, size: int) -> Contexts:
    log_laws, log_outcomes = task.source.log_outcome_probabilities(), jnp.log(task.weak_law)
    log_likelihood, log_weak = jnp.zeros((1, task.num_concepts)), jnp.zeros(1)
    for _ in range(size):
        log_likelihood = (log_likelihood[:, None] + log_laws.T).reshape(-1, task.num_concepts)
        log_weak = (log_weak[:, None] + log_outcomes).reshape(-1)
    posteriors = jax.vmap(lambda row: log_posterior(log_weights(task.source.prior), row))(log_likelihood)
    return Contexts(jnp.exp(log_weak), jnp.exp(posteriors))


def geometric_means(case: FiniteCase) -> tuple[Float[Array, "C M"], Float[Array, " C"]]:
    """Return the normalised geometric mean of the concepts' laws in every context, and its log normaliser."""
    logs = contexts_of(case).posteriors @ case.task.source.log_outcome_probabilities()
    log_sums = jax.nn.logsumexp(logs, axis=1)
    return jnp.exp(logs - log_sums[:, None]), log_sums


def squared_distance(first: Float[Array, "*c M"], second: Float[Array, "*c M"]) -> Float[Array, "*c"]:
    """Return the sum of squared differences of two laws, in squared probability."""
    return jnp.sum((first - second) ** 2, axis=-1)


def mean_loss(case: FiniteCase, laws: Float[Array, "C M"], loss: Loss) -> Float[Array, ""]:
    """Return E loss(f, law of the context)."""
    target = jnp.broadcast_to(target_law(case.task), laws.shape)
    return contexts_of(case).probabilities @ loss(target, laws)


def posterior_means(case: FiniteCase) -> Float[Array, "C M"]:
    """Return the posterior mean of the concepts' laws in every context."""
    return contexts_of(case).posteriors @ outcome_laws(case.task)


def variance_of_laws(case: FiniteCase) -> Float[Array, ""]:
    """Return E sum_k pi_k ||p_k - mean||^2, in squared probability."""
    contexts, laws = contexts_of(case), outcome_laws(case.task)
    means = contexts.posteriors @ laws
    spread = jax.vmap(lambda mean: squared_distance(laws, jnp.broadcast_to(mean, laws.shape)))(means)
    return contexts.probabilities @ jnp.sum(contexts.posteriors * spread, axis=1)


def sampled_loss(case: FiniteCase, members: int, loss: Loss) -> Float[Array, ""]:
    """Return E loss(f, average law of m concepts drawn from the posterior), by enumeration of all draws.

    Raises:
        InputError: If there are too many contexts and draws to enumerate.
    """
    contexts = contexts_of(case)
    require_few(num_terms(case, members))
    if isinstance(case.estimator, ModalEnsemble):
        contexts = contexts._replace(posteriors=jax.vmap(named)(contexts.posteriors))
    return _sampled_loss(contexts, outcome_laws(case.task), target_law(case.task), members, loss)


@eqx.filter_jit
def _sampled_loss(
    contexts: Contexts, laws: Float[Array, "K M"], target: Float[Array, " M"], members: int, loss: Loss
) -> Float[Array, ""]:
    chances, averages = jnp.ones((len(contexts.posteriors), 1)), jnp.zeros((1, laws.shape[1]))
    for _ in range(members):
        chances = (chances[:, :, None] * contexts.posteriors[:, None, :]).reshape(len(chances), -1)
        averages = (averages[:, None, :] + laws / members).reshape(-1, laws.shape[1])
    return contexts.probabilities @ (chances @ loss(jnp.broadcast_to(target, averages.shape), averages))


def num_terms(case: FiniteCase, members: int) -> int:
    """Return how many pairs of a context and a draw of all members `sampled_loss` enumerates."""
    task, size = case.task, case.estimator.sample_size
    return task.source.num_outcomes**size * task.num_concepts**members
