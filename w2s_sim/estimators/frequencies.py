"""Prior transfer from how often weak demonstrations show each outcome, for concepts with finitely many."""

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

# Shares of even symbols in the channels that the search starts from.
START_SHARES = (0.05, 0.3, 0.6)


class FrequencyProjection(PairByPair):
    """The frequencies of weak outcomes, projected on the convex hull of the concepts' laws.

    The weights minimise the Euclidean distance between the mixture and the frequencies: for concepts with
    finitely many outcomes what `HullProjection` is for regression. As there the weak model's own errors stay,
    as far as they lie within the hull.

    Source: after Charikar, Pabbaraju & Shiragur 2024, arXiv 2405.15116.
    """

    concepts: ClassVar[type[StrongModel]] = FiniteModel

    def transferred_prior(
        self, source: LatentConceptModel, data: WeakData, *, key: Key[Array, ""]
    ) -> Float[Array, " K"]:
        """The weights of the projection.

        Raises:
            InputError: If the concepts have outcomes that cannot be enumerated.
        """
        if not isinstance(source, FiniteModel):
            raise InputError("source", type(source).__name__, "concepts with finitely many outcomes")
        laws = jnp.exp(source.log_outcome_probabilities())
        log_shown = source.log_likelihood(data.inputs, data.labels)
        log_shown = log_shown + source.log_input_probabilities(data.inputs)[:, None]
        # The inner product of a law and the frequencies is the mean of the law over what was shown.
        return simplex_weights(laws @ laws.T, jnp.mean(jnp.exp(log_shown), axis=0))


class LabelChannel(NamedTuple):
    """A weak channel of labels fitted to weak data.

    Attributes:
        prior: The estimate of alpha^Q, shape (K,).
        channel: channel[v, w] is the probability that the weak model shows w for v, shape (V, V).
        objective: Mean log likelihood a demonstration and the channel's log prior, in nats, after each step:
            it never falls. Shape (steps,).
    """

    prior: Float[Array, " K"]
    channel: Float[Array, "V V"]
    objective: Float[Array, " steps"]


class ChannelUnknown(PairByPair):
    """The prior and the whole V x V channel of the weak labels together, by expectation-maximisation.

    The weak label is the strong one, shown as another symbol with unknown probabilities that depend on the
    symbol alone. Rows of the channel have a Dirichlet prior that favours the diagonal, without which a
    relabelling of symbols that maps concepts on one another could not be told from none. X contexts of V
    symbols show X (V - 1) numbers: with fewer of them than the K - 1 + V (V - 1) that are unknown, that prior
    decides. The likelihood is not concave: the fit is the best of the local maxima reached from the source
    prior and three channels. For categorical and style/content concepts.

    Attributes:
        steps: Steps of expectation-maximisation >= 1.
        faith: >= 0: pseudo-counts for a right label, for each symbol.
        doubt: > 0: pseudo-counts for each pair of symbols.
    """

    concepts: ClassVar[type[StrongModel]] = CategoricalModel
    steps: int = eqx.field(static=True, converter=whole("steps"), default=300)
    faith: Float[Array, ""] = eqx.field(converter=nonnegative("faith"), default=5.0)
    doubt: Float[Array, ""] = eqx.field(converter=positive("doubt"), default=0.1)

    def fitted(self, source: LatentConceptModel, data: WeakData) -> LabelChannel:
        """The prior and the channel that fit the data.

        Raises:
            InputError: If the concepts are no tables.
        """
        if not isinstance(source, CategoricalModel):
            raise InputError("source", type(source).__name__, "categorical concepts")
        tables, size = source.tables, source.num_symbols
        shape = tables.shape[1:]
        # All that the data say is how often each context came with each symbol.
        counts = jnp.zeros(shape).at[data.inputs, data.labels].add(1.0)
        pseudo = self.faith * jnp.eye(size) + self.doubt

        def objective(prior: Array, channel: Array) -> Float[Array, ""]:
            shown = jnp.einsum("k,kxv,vw->xw", prior, tables, channel)
            # What was never shown counts nothing, even where it is impossible.
            likelihood = jnp.where(counts > 0, counts * jnp.log(jnp.where(counts > 0, shown, 1.0)), 0.0)
            return (jnp.sum(likelihood) + jnp.sum(pseudo * jnp.log(channel))) / self.num_weak

        def step(state: tuple[Array, Array], _: Any) -> tuple[tuple[Array, Array], Array]:
            prior, channel = state
            shown = jnp.einsum("k,kxv,vw->xw", prior, tables, channel)
            ratio = jnp.where(shown > 0, counts / jnp.where(shown > 0, shown, 1.0), 0.0)
            # Expected counts of concept and of (right symbol, shown symbol), from the posterior of both.
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
