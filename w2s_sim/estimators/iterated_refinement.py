"""Iterated refinement: weak data are relabelled again and again, each time under the prior last found."""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int, Key

from w2s_sim._checks import require_count
from w2s_sim.concepts import LatentConceptModel, RegressionModel
from w2s_sim.estimators.base import Estimator
from w2s_sim.students import LinearStudent
from w2s_sim.task import WeakData


def refine_prior(
    prior: Float[Array, " K"], log_likelihood: Float[Array, "n K"], weights: Float[Array, " n"]
) -> Float[Array, " K"]:
    """One round: the mean posterior over concepts, sum_i w_i alpha_k p_k(i) / sum_j alpha_j p_j(i).

    This is one step of expectation-maximisation for the prior of a mixture of known components.

    Args:
        prior: alpha, shape (K,).
        log_likelihood: log p_k of each demonstration, or of each outcome, in nats.
        weights: Probabilities of the rows: 1/n for a sample, the weak law for the population.
    """
    # A row of weight zero says nothing, even where no concept can produce it.
    used = weights[:, None] > 0
    posterior = jax.nn.softmax(jnp.log(prior) + jnp.where(used, log_likelihood, 0.0), axis=1)
    return weights @ posterior


@eqx.filter_jit
def iterate_refinement(
    prior: Float[Array, " K"],
    log_likelihood: Float[Array, "n K"],
    weights: Float[Array, " n"],
    rounds: Int[Array, ""] | int,
) -> Float[Array, " K"]:
    """alpha_T after T rounds of `refine_prior`, started at `prior`."""
    return jax.lax.fori_loop(0, rounds, lambda _, alpha: refine_prior(alpha, log_likelihood, weights), prior)


@eqx.filter_jit
def refinement_path(
    prior: Float[Array, " K"], log_likelihood: Float[Array, "n K"], weights: Float[Array, " n"], rounds: int
) -> Float[Array, "rounds+1 K"]:
    """alpha_0..alpha_T: the prior and what each round makes of it."""

    def step(alpha: Float[Array, " K"], _: None) -> tuple[Array, Array]:
        refined = refine_prior(alpha, log_likelihood, weights)
        return refined, refined

    _, path = jax.lax.scan(step, prior, length=rounds)
    return jnp.concatenate([prior[None], path])


class IteratedRefinement(Estimator):
    """T rounds of refinement on n ungrouped weak pairs: every pair is relabelled under the current prior.

    A round asks the strong model which concept each pair shows, and makes the mean answer its prior. One
    round is label refinement with one demonstration in context; many rounds deconvolve the prior over
    concepts from the weak data (arXiv 2508.17018 on what a single one leaves).

    Attributes:
        rounds: T >= 0.
        num_weak: n >= 1.
    """

    rounds: int = eqx.field(static=True)
    num_weak: int = eqx.field(static=True, kw_only=True)

    def __check_init__(self) -> None:
        require_count("rounds", self.rounds, 0)
        require_count("num_weak", self.num_weak, 1)

    @property
    def sample_size(self) -> int:
        return self.num_weak

    def prior_path(self, source: LatentConceptModel, data: WeakData) -> Float[Array, "rounds+1 K"]:
        """alpha_0..alpha_T, from the source prior on."""
        log_likelihood = source.log_likelihood(data.inputs, data.labels)
        weights = jnp.full(self.num_weak, 1.0 / self.num_weak)
        return refinement_path(source.prior, log_likelihood, weights, self.rounds)

    def fit(self, source: RegressionModel, data: WeakData, *, key: Key[Array, ""]) -> LinearStudent:
        return source.student(self.prior_path(source, data)[-1])
