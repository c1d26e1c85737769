"""Prior and weak channel from contexts of weak labels, for concepts that have anchor outcomes."""

from typing import ClassVar, NamedTuple

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float, Int, Key

from w2s_sim.concepts import FiniteModel, LatentConceptModel
from w2s_sim.errors import InputError
from w2s_sim.estimators.prior_transfer import PriorTransfer
from w2s_sim.fields import whole
from w2s_sim.strong_model import StrongModel
from w2s_sim.tasks.task import WeakData


class AnchorFit(NamedTuple):
    """A prior and a weak model, fitted to contexts of weak labels.

    Attributes:
        weights: Estimates of the weights alpha^Q_k, each in [0, 1], shape (K,); their sum need not be 1.
        laws: Estimates of the weak laws q'_k over the outcomes, shape (K, M).
        shown: Number of contexts whose first demonstration is the anchor of each concept, shape (K,).
    """

    weights: Float[Array, " K"]
    laws: Float[Array, "K M"]
    shown: Float[Array, " K"]


class AnchoredChannel(PriorTransfer):
    """Estimate of the prior and of the whole weak model from contexts whose pairs share one concept.

    An anchor of a concept is an outcome that no other concept shows. A context whose first demonstration is
    an anchor names its concept, and its other demonstrations are draws from the weak law of that concept: the
    estimate of the law is their frequencies. The weight of a concept is the frequency of its anchor, divided
    by the estimated probability of the anchor under the concept. The strong model supplies the anchors alone;
    the weak labels may follow other laws than its own. A concept whose anchor never comes first keeps the
    strong model's law.

    Attributes:
        num_weak: Number of weak pairs n >= views, of which n // views contexts are read.
        views: Number of pairs >= 2 of one context; they share a concept in grouped data.

    Source: after Somerstep et al. 2025, arXiv 2508.17018 (identification of the weak channel).
    """

    concepts: ClassVar[type[StrongModel]] = FiniteModel
    num_weak: int = eqx.field(static=True, kw_only=True, converter=whole("num_weak"))
    views: int = eqx.field(static=True, converter=whole("views", 2), default=2)

    def __check_init__(self) -> None:
        if self.num_weak < self.views:
            raise InputError("num_weak", self.num_weak, f"at least {self.views} pairs, one context")

    @property
    def sample_size(self) -> int:
        return self.num_weak

    @property
    def context_size(self) -> int:
        return self.views

    @property
    def num_contexts(self) -> int:
        """Number N of contexts that are read."""
        return self.num_weak // self.views

    def fitted(self, source: FiniteModel, data: WeakData) -> AnchorFit:
        """Fit the weights and the weak laws to the data."""
        own_laws = jnp.exp(source.log_outcome_probabilities())
        anchors = anchors_of(own_laws)
        outcomes = source.outcome_index(data.inputs, data.labels)
        contexts = outcomes[: self.num_contexts * self.views].reshape(self.num_contexts, self.views)
        is_anchor = contexts[:, :1] == anchors
        shown = jnp.sum(is_anchor, axis=0).astype(own_laws.dtype)
        # Row k counts what stands behind the anchor of concept k.
        named = jnp.broadcast_to(jnp.argmax(is_anchor, axis=1)[:, None], contexts[:, 1:].shape)
        seen = jnp.broadcast_to(jnp.any(is_anchor, axis=1)[:, None], named.shape)
        counts = jnp.zeros_like(own_laws).at[named, contexts[:, 1:]].add(seen.astype(own_laws.dtype))
        size = jnp.maximum(shown, 1.0) * (self.views - 1)
        laws = jnp.where(shown[:, None] > 0, counts / size[:, None], own_laws)
        frequencies = jnp.mean(contexts.reshape(-1, 1) == anchors, axis=0)
        of_anchors = laws[jnp.arange(len(laws)), anchors]
        ratios = frequencies / jnp.where(of_anchors > 0, of_anchors, 1.0)
        unseen = jnp.where(frequencies > 0, 1.0, 0.0)
        weights = jnp.where(of_anchors > 0, jnp.minimum(ratios, 1.0), unseen)
        return AnchorFit(weights, laws, shown)

    def transferred_prior(
        self, source: LatentConceptModel, data: WeakData, *, key: Key[Array, ""]
    ) -> Float[Array, " K"]:
        """Return the fitted weights, normalised; the source prior if no anchor is shown.

        Raises:
            InputError: If the concepts do not have finitely many outcomes, or too many to enumerate.
        """
        if not isinstance(source, FiniteModel):
            raise InputError("source", type(source).__name__, "concepts with finitely many outcomes")
        weights = self.fitted(source, data).weights
        total = jnp.sum(weights)
        return jnp.where(total > 0, weights / jnp.where(total > 0, total, 1.0), source.prior)


def anchors_of(laws: Float[Array, "K M"]) -> Int[Array, " K"]:
    """Return for each concept the outcome that tells it best from the others: an anchor, if it has any.

    It is the outcome of the largest share p_k / sum_j p_j; of several with the same share, the one that the
    concept shows most often.
    """
    total = jnp.sum(laws, axis=0)
    shares = laws / jnp.where(total > 0, total, 1.0)
    best = shares == jnp.max(shares, axis=1, keepdims=True)
    return jnp.argmax(jnp.where(best, laws, -1.0), axis=1)
