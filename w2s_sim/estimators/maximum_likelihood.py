"""Maximum likelihood of the concept prior if the weak channel is known, or known up to its noise level."""

from collections.abc import Callable
from functools import partial
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
from w2s_sim.concepts.model import ModelT
from w2s_sim.errors import InputError
from w2s_sim.estimators.prefixes import LikelihoodPrefixes, PrefixStatistic, WeightedLikelihoods
from w2s_sim.estimators.prior_transfer import PairByPair
from w2s_sim.estimators.scaled_likelihood import ScaledLikelihood
from w2s_sim.fields import entries, optional_part
from w2s_sim.strong_model import StrongModel
from w2s_sim.tasks.task import WeakData

# Cap on expectation-maximisation steps. Each step is one pass over the data.
MOST_STEPS = 20_000
# Lower limit of the weight of a concept with positive starting weight.
LEAST_WEIGHT = 1e-30


class PriorFit(NamedTuple):
    """A prior fitted to weak data.

    Attributes:
        prior: Fitted weights, shape (K,).
        log_likelihood: Mean log likelihood per demonstration, in nats; -inf if no concept of positive
            starting weight can produce some demonstration. Such a demonstration does not affect the prior.
        gap: Upper bound, in nats, on the distance of the mean log likelihood of the other demonstrations
            from its maximum.
    """

    prior: Float[Array, " K"]
    log_likelihood: Float[Array, ""]
    gap: Float[Array, ""]


# From a prior to the gains of its weights, and whether their precision is that of the numbers.
Gains = Callable[[Float[Array, " K"]], tuple[Float[Array, " K"], Bool[Array, ""]]]


def gains_by_logs(
    log_likelihood: Float[Array, "n K"], rows: Float[Array, " n"], prior: Float[Array, " K"]
) -> tuple[Float[Array, " K"], Bool[Array, ""]]:
    """Return the same as `ScaledLikelihood.gains` for rows of some weights: slower, and good in any range."""
    mixture = log_mixture(log_weights(prior), log_likelihood)[:, None]
    # Demonstrations that no concept can produce have the ratio 1 for every concept.
    seen = (prior > 0) & jnp.isfinite(mixture)
    ratios = jnp.exp(jnp.where(seen, log_likelihood - jnp.where(seen, mixture, 0.0), 0.0))
    return rows @ ratios, jnp.asarray(True)


def fit_prior(
    start: Float[Array, " K"],
    log_likelihood: Float[Array, "n K"],
    tolerance: float,
    weights: Float[Array, " n"] | None = None,
) -> PriorFit:
    """Fit the weights of a mixture with known components by EM, to a certified precision.

    The mean log likelihood is concave in the weights, with the gradient
    g_k = mean_i p_k(i) / sum_j alpha_j p_j(i). No weights exceed the mean log likelihood of alpha by more
    than max_k g_k - 1. Weights of zero stay zero, and the maximum is over the concepts of positive weight in
    `start`.

    Args:
        start: Starting weights, shape (K,).
        log_likelihood: Log likelihood of every demonstration under every concept, in nats.
        tolerance: Gap > 0 at which to stop, in nats.
        weights: Weights of the demonstrations, which sum to 1; 1/n each by default.
    """
    held = start > 0
    if weights is None:
        weights = jnp.full(len(log_likelihood), 1.0 / len(log_likelihood))
    rows = ScaledLikelihood.of(start, log_likelihood, weights)

    def gap_of(gain: Array) -> Float[Array, ""]:
        return jnp.max(jnp.where(held, gain, 0.0)) - 1.0

    def climb(gains: Gains) -> tuple[Float[Array, " K"], Float[Array, " K"], Bool[Array, ""]]:
        def unfinished(state: tuple[Any, ...]) -> Bool[Array, ""]:
            steps, _, gain, is_good = state
            return (steps < MOST_STEPS) & (gap_of(gain) > tolerance) & is_good

        def step(state: tuple[Any, ...]) -> tuple[Any, ...]:
            steps, alpha, gain, _ = state
            moved = alpha * gain
            # Positive weights stay positive, so that a later step can raise them again.
            moved = jnp.where(held, jnp.maximum(moved / jnp.sum(moved), LEAST_WEIGHT), 0.0)
            return steps + 1, moved, *gains(moved)

        return jax.lax.while_loop(unfinished, step, (0, start, *gains(start)))[1:]

    by_logs = partial(gains_by_logs, log_likelihood, weights)
    # A loop of at most one step: unlike a branch, it costs nothing in a batch that does not need it.
    prior, gain, _ = jax.lax.while_loop(lambda found: ~found[2], lambda _: climb(by_logs), climb(rows.gains))
    # A concept that no demonstration allows has weight zero under the maximum-likelihood prior.
    prior = jnp.where((prior <= LEAST_WEIGHT) & (gain <= 0.0), 0.0, prior)
    mixtures = log_mixture(log_weights(prior), log_likelihood)
    mean = weights @ jnp.where(weights > 0, mixtures, 0.0)
    return PriorFit(prior, mean, jnp.maximum(gap_of(gain), 0.0))


class MaximumLikelihood(PairByPair):
    """Maximum-likelihood prior of the weak data if the weak channel is known.

    The limit of `IteratedRefinement` as the number of rounds grows. If `channel` holds the weak model's
    version of every concept, the estimate is consistent for alpha^Q whenever these label laws are linearly
    independent. Without `channel` the strong model treats weak labels as its own, so the weak model's bias
    biases the estimate.

    Attributes:
        channel: Law of the weak labels under every concept, as a model of the same concepts; by default
            the strong model itself.
        tolerance: Allowed distance > 0 of the mean log likelihood from its maximum, in nats.
        num_weak: Number of weak pairs n >= 1, each with its own concept.
    """

    channel: LatentConceptModel | None = eqx.field(
        default=None,
        converter=optional_part("channel", LatentConceptModel, "a model of the same concepts, or nothing"),
    )
    tolerance: float = eqx.field(static=True, default=1e-5, kw_only=True)

    def __check_init__(self) -> None:
        require_between("tolerance", self.tolerance, 0.0, open_low=True)

    def fitted(self, source: LatentConceptModel, data: WeakData) -> PriorFit:
        """Fit the prior; return it with its likelihood and a bound on the distance from the maximum."""
        channel = source if self.channel is None else self.channel
        if channel.num_concepts != source.num_concepts:
            raise InputError(
                "channel",
                f"{channel.num_concepts} concepts",
                f"{source.num_concepts} concepts, as in the source",
            )
        return fit_prior(source.prior, channel.log_likelihood(data.inputs, data.labels), self.tolerance)

    @property
    def sees_predictions_alone(self) -> bool:
        """True unless the weak labels have a channel of their own, which predicts by other vectors."""
        return self.channel is None

    def prefix_statistic(self, source: LatentConceptModel) -> PrefixStatistic | None:
        """The likelihoods under the strong model, unless the weak labels have a channel of their own."""
        return LikelihoodPrefixes() if self.channel is None else None

    def fit_statistic(self, source: ModelT, statistic: WeightedLikelihoods, *, key: Key[Array, ""]) -> ModelT:
        log_likelihood, weights = statistic
        return source.with_prior(fit_prior(source.prior, log_likelihood, self.tolerance, weights).prior)

    def transferred_prior(
        self, source: LatentConceptModel, data: WeakData, *, key: Key[Array, ""]
    ) -> Float[Array, " K"]:
        return self.fitted(source, data).prior


class SmoothingUnknown(PairByPair):
    """Maximum likelihood if the weak model replaces an unknown share of symbols by uniform symbols.

    The prior is fitted for every share of a grid; the estimate has the share of largest likelihood. For
    concepts with finitely many outcomes.

    Attributes:
        num_weak: Number of weak pairs n >= 1, each with its own concept.
        shares: Increasing grid of shares in [0, 1).
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
        """Fit the prior and the share.

        Raises:
            InputError: If the concepts do not have finitely many outcomes.
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
