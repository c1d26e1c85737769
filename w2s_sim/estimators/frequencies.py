"""Prior transfer from the frequencies of weak outcomes, for concepts with finitely many outcomes."""

from typing import Any, ClassVar, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Key

from w2s_sim.concepts import CategoricalModel, FiniteModel, LatentConceptModel
from w2s_sim.errors import InputError
from w2s_sim.estimators.hull_projection import simplex_weights
from w2s_sim.estimators.prior_transfer import PairByPair
from w2s_sim.fields import nonnegative, positive, whole
from w2s_sim.strong_model import StrongModel
from w2s_sim.tasks.task import WeakData

# Shares of uniform symbols in the channels from which the search starts.
START_SHARES = (0.05, 0.3, 0.6)


class FrequencyProjection(PairByPair):
    """Projection of the weak outcome frequencies on the convex hull of the concepts' laws.

    The weights minimise the Euclidean distance between the mixture and the frequencies. This is the analogue,
    for finitely many outcomes, of `HullProjection` for regression. As in `HullProjection`, the errors of the
    weak model remain as far as they lie within the hull.

    Source: after Charikar, Pabbaraju & Shiragur 2024, arXiv 2405.15116.
    """

    concepts: ClassVar[type[StrongModel]] = FiniteModel

    def transferred_prior(
        self, source: LatentConceptModel, data: WeakData, *, key: Key[Array, ""]
    ) -> Float[Array, " K"]:
        """Return the weights of the projection.

        Raises:
            InputError: If the concepts do not have finitely many outcomes, or too many to enumerate.
        """
        if not isinstance(source, FiniteModel):
            raise InputError("source", type(source).__name__, "concepts with finitely many outcomes")
        laws = jnp.exp(source.log_outcome_probabilities())
        log_shown = source.log_likelihood(data.inputs, data.labels)
        log_shown = log_shown + source.log_input_probabilities(data.inputs)[:, None]
        # The inner product of a law and the frequencies is the mean of the law over the observed outcomes.
        return simplex_weights(laws @ laws.T, jnp.mean(jnp.exp(log_shown), axis=0))


class LabelChannel(NamedTuple):
    """A prior and a channel of weak labels, fitted to weak data.

    Attributes:
        prior: Estimate of alpha^Q, shape (K,).
        channel: channel[v, w] is the probability that the weak label is w if the strong label is v, (V, V).
        objective: Mean log likelihood per demonstration plus the scaled log prior of the channel, in nats,
            after each step; it never decreases. Shape (steps,).
    """

    prior: Float[Array, " K"]
    channel: Float[Array, "V V"]
    objective: Float[Array, " steps"]


class ChannelUnknown(PairByPair):
    """Joint estimate of the prior and the V x V channel of the weak labels, by expectation-maximisation.

    The weak label is a noisy version of the strong label: symbol v becomes w with an unknown probability that
    depends on v and w only. Rows of the channel have a Dirichlet prior that favours the diagonal. Without it,
    a permutation of the symbols that maps concepts to one another would not be identifiable. X contexts of V
    symbols determine X (V - 1) numbers; if these are fewer than the K - 1 + V (V - 1) unknowns, the Dirichlet
    prior decides. The likelihood is not concave: the fit is the best of the local maxima reached from the
    source prior and three channels. For categorical and style/content concepts.

    Attributes:
        steps: Number of expectation-maximisation steps >= 1.
        faith: Additional pseudo-count >= 0 of each diagonal entry of the channel (a correct label).
        doubt: Pseudo-count > 0 of every entry of the channel.
    """

    concepts: ClassVar[type[StrongModel]] = CategoricalModel
    steps: int = eqx.field(static=True, converter=whole("steps"), default=300)
    faith: Float[Array, ""] = eqx.field(converter=nonnegative("faith"), default=5.0)
    doubt: Float[Array, ""] = eqx.field(converter=positive("doubt"), default=0.1)

    def fitted(self, source: LatentConceptModel, data: WeakData) -> LabelChannel:
        """Fit the prior and the channel to the data.

        Raises:
            InputError: If the concepts are not categorical.
        """
        if not isinstance(source, CategoricalModel):
            raise InputError("source", type(source).__name__, "categorical concepts")
        tables, size = source.tables, source.num_symbols
        shape = tables.shape[1:]
        # The counts of (context, symbol) pairs are a sufficient statistic.
        counts = jnp.zeros(shape).at[data.inputs, data.labels].add(1.0)
        pseudo = self.faith * jnp.eye(size) + self.doubt

        def objective(prior: Array, channel: Array) -> Float[Array, ""]:
            shown = jnp.einsum("k,kxv,vw->xw", prior, tables, channel)
            # Unobserved pairs contribute 0, even if their probability is 0.
            likelihood = jnp.where(counts > 0, counts * jnp.log(jnp.where(counts > 0, shown, 1.0)), 0.0)
            return (jnp.sum(likelihood) + jnp.sum(pseudo * jnp.log(channel))) / self.num_weak

        def step(state: tuple[Array, Array], _: Any) -> tuple[tuple[Array, Array], Array]:
            prior, channel = state
            shown = jnp.einsum("k,kxv,vw->xw", prior, tables, channel)
            ratio = jnp.where(shown > 0, counts / jnp.where(shown > 0, shown, 1.0), 0.0)
            # E-step: expected counts of the concepts and of the pairs (strong symbol, weak symbol).
            concepts = prior * jnp.einsum("xw,kxv,vw->k", ratio, tables, channel)
            pairs = channel * jnp.einsum("xw,k,kxv->vw", ratio, prior, tables) + pseudo
            moved = concepts / jnp.sum(concepts), pairs / jnp.sum(pairs, axis=1, keepdims=True)
            return moved, objective(*moved)

        def climb(share: Float[Array, ""]) -> LabelChannel:
            start = source.prior, (1.0 - share) * jnp.eye(size) + share / size
            (prior, channel), path = jax.lax.scan(step, start, None, length=self.steps)
            return LabelChannel(prior, channel, path)

        fits = jax.vmap(climb)(jnp.array(START_SHARES))
        return jax.tree.map(lambda leaf: leaf[jnp.argmax(fits.objective[:, -1])], fits)

    def transferred_prior(
        self, source: LatentConceptModel, data: WeakData, *, key: Key[Array, ""]
    ) -> Float[Array, " K"]:
        return self.fitted(source, data).prior
