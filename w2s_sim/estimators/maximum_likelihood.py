"""Maximum likelihood of the concept prior, for a weak channel that is known, or known up to its noise."""

from typing import Any, ClassVar, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Key

from w2s_sim._checks import concrete, require_between, short
from w2s_sim.concepts import FiniteModel, LatentConceptModel
from w2s_sim.concepts.conditioning import log_mixture, log_weights
from w2s_sim.concepts.finite import smoothed
from w2s_sim.errors import InputError
from w2s_sim.estimators.prior_transfer import PairByPair
from w2s_sim.fields import entries, optional_part
from w2s_sim.strong_model import StrongModel
from w2s_sim.tasks.task import WeakData

# Steps of expectation-maximisation at most. Each costs one pass over the data.
MOST_STEPS = 20_000
# Of a concept that is held for possible.
LEAST_WEIGHT = 1e-30


class PriorFit(NamedTuple):
    """A prior fitted to weak data.

    Attributes:
        prior: The weights, shape (K,).
        log_likelihood: Mean log likelihood a demonstration, in nats; -inf if no concept that is held for
            possible can produce one of them. Such a demonstration does not move the prior.
        gap: What the mean log likelihood of the others may lie below its maximum, at most, in nats.
    """

    prior: Float[Array, " K"]
    log_likelihood: Float[Array, ""]
    gap: Float[Array, ""]


def fit_prior(start: Float[Array, " K"], log_likelihood: Float[Array, "n K"], tolerance: float) -> PriorFit:
    """The weights of a mixture with known components, by expectation-maximisation to a certified precision.

    The mean log likelihood is concave in the weights. With g_k = mean_i p_k(i) / sum_j alpha_j p_j(i), its
    gradient, no weights are better than alpha by more than max_k g_k - 1. Weights of zero stay zero, and the
    maximum is over what `start` holds for possible.

    Args:
        start: Where to start, shape (K,).
        log_likelihood: log p_k of every demonstration under every concept, in nats.
        tolerance: > 0, in nats: the gap at which to stop.
    """
    held = start > 0

    def gains(weights: Array) -> Float[Array, " K"]:
        mixture = log_mixture(log_weights(weights), log_likelihood)[:, None]
        # What no concept can produce says nothing.
        seen = held & jnp.isfinite(mixture)
        ratios = jnp.exp(jnp.where(seen, log_likelihood - jnp.where(seen, mixture, 0.0), 0.0))
        return jnp.mean(ratios, axis=0)

    def gap_of(gain: Array) -> Float[Array, ""]:
        return jnp.max(jnp.where(held, gain, 0.0)) - 1.0

    def unfinished(state: tuple[Any, Array, Array]) -> Bool[Array, ""]:
        steps, _, gain = state
        return (steps < MOST_STEPS) & (gap_of(gain) > tolerance)

    def step(state: tuple[Any, Array, Array]) -> tuple[Any, Array, Array]:
        steps, weights, gain = state
        moved = weights * gain
        # What is held for possible stays so, however little of it is left after one step.
        moved = jnp.where(held, jnp.maximum(moved / jnp.sum(moved), LEAST_WEIGHT), 0.0)
        return steps + 1, moved, gains(moved)

    _, prior, gain = jax.lax.while_loop(unfinished, step, (0, start, gains(start)))
    # The likeliest prior has none of a concept that no demonstration allows.
    prior = jnp.where((prior <= LEAST_WEIGHT) & (gain <= 0.0), 0.0, prior)
    mean = jnp.mean(log_mixture(log_weights(prior), log_likelihood))
    return PriorFit(prior, mean, jnp.maximum(gap_of(gain), 0.0))


class MaximumLikelihood(PairByPair):
    """The prior under which the weak data are likeliest, when the weak channel is known.

    The limit of `IteratedRefinement` in many rounds. With the weak model's own version of every concept as
    `channel` it is consistent for alpha^Q wherever those are linearly independent as laws; without it the
    strong model takes the weak labels for its own, and is off by what the bias does.

    Attributes:
        channel: The weak labels' law under every concept: a model of the same concepts; the strong model
            itself when left out.
        tolerance: Of the mean log likelihood below its maximum, > 0, in nats.
        num_weak: n >= 1 weak pairs, each with a concept of its own.
    """

    channel: LatentConceptModel | None = eqx.field(
        default=None,
        converter=optional_part("channel", LatentConceptModel, "a model of the same concepts, or nothing"),
    )
    tolerance: float = eqx.field(static=True, default=1e-5, kw_only=True)

    def __check_init__(self) -> None:
        require_between("tolerance", self.tolerance, 0.0, open_low=True)

    def fitted(self, source: LatentConceptModel, data: WeakData) -> PriorFit:
        """The prior, with its likelihood and how far from the largest one that may be."""
        channel = source if self.channel is None else self.channel
        if channel.num_concepts != source.num_concepts:
            raise InputError(
                "channel", f"{channel.num_concepts} concepts", f"{source.num_concepts}, as the source"
            )
        return fit_prior(source.prior, channel.log_likelihood(data.inputs, data.labels), self.tolerance)

    def transferred_prior(
        self, source: LatentConceptModel, data: WeakData, *, key: Key[Array, ""]
    ) -> Float[Array, " K"]:
        return self.fitted(source, data).prior


class SmoothingUnknown(PairByPair):
    """Maximum likelihood when the weak model shows an even symbol for a share of its symbols, unknown to us.

    The share is the one of a grid under which the data, with the prior that fits them best, are likeliest.
    For concepts with finitely many outcomes.

    Attributes:
        num_weak: n >= 1 weak pairs, each with a concept of its own.
        shares: The grid, increasing, in [0, 1).
        tolerance: As for `MaximumLikelihood`.
    """

    concepts: ClassVar[type[StrongModel]] = FiniteModel
    shares: Float[Array, " G"] = eqx.field(
        converter=entries("shares", "(G,)"), default_factory=lambda: jnp.linspace(0, 0.9, 19)
    )
    tolerance: float = eqx.field(static=True, default=1e-5, kw_only=True)

    def __check_init__(self) -> None:
        require_between("tolerance", self.tolerance, 0.0, open_low=True)
        if 0 in self.shares.shape:
            raise InputError("shares", f"shape {self.shares.shape}", "a list of shares")
        if concrete(self.shares) and not np.all((self.shares >= 0) & (self.shares < 1)):
            raise InputError("shares", short(self.shares), "numbers in [0, 1)")

    def fitted(self, source: LatentConceptModel, data: WeakData) -> tuple[PriorFit, Float[Array, ""]]:
        """The prior, and the share.

        Raises:
            InputError: If the concepts have no symbols to smooth.
        """
        if not isinstance(source, FiniteModel):
            raise InputError("source", type(source).__name__, "concepts with finitely many outcomes")

        def at(share: Array) -> PriorFit:
            log_likelihood = smoothed(source, share).log_likelihood(data.inputs, data.labels)
            return fit_prior(source.prior, log_likelihood, self.tolerance)

        fits = jax.lax.map(at, self.shares)
        best = jnp.argmax(fits.log_likelihood)
        return jax.tree.map(lambda leaf: leaf[best], fits), self.shares[best]

    def transferred_prior(
        self, source: LatentConceptModel, data: WeakData, *, key: Key[Array, ""]
    ) -> Float[Array, " K"]:
        return self.fitted(source, data)[0].prior
