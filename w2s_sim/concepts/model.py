"""The interface of every latent-concept model."""

import abc
import dataclasses
from collections.abc import Mapping
from typing import ClassVar, TypeVar

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int, Key, Shaped

from w2s_sim.concepts.conditioning import (
    context_log_likelihood,
    left_out,
    log_mixture,
    log_posterior,
    log_weights,
)
from w2s_sim.fields import probability
from w2s_sim.strong_model import Reader, StrongModel, require_means
from w2s_sim.weak_data import WeakData

ConceptModelT = TypeVar("ConceptModelT", bound="ConceptModel")
ModelT = TypeVar("ModelT", bound="LatentConceptModel")


class ConceptModel(StrongModel):
    """A law of labels p(y | x, concept) and a prior over concepts, of which there may be infinitely many.

    The conditional laws are what pre-training taught; only the prior over concepts differs between source
    and target (Somerstep et al. 2025, arXiv 2405.16236). A posterior is again a model: the same conditional
    laws under an updated prior.

    A demonstration is an input and a label of any shape, float or int; n of them are stacked along the first
    axis.
    """

    @abc.abstractmethod
    def sample_concepts(self, num: int, *, key: Key[Array, ""]) -> Shaped[Array, "{num} ..."]:
        """Independent concepts from the prior."""

    @abc.abstractmethod
    def sample_labels(
        self, inputs: Shaped[Array, "n ..."], concepts: Shaped[Array, "n ..."], *, key: Key[Array, ""]
    ) -> Shaped[Array, "n ..."]:
        """Labels y_i ~ p(y | x_i, concepts_i)."""

    @abc.abstractmethod
    def log_evidence(
        self, inputs: Shaped[Array, "n ..."], labels: Shaped[Array, "n ..."]
    ) -> Float[Array, ""]:
        """log p(y_1..y_n | x_1..x_n) in nats, of demonstrations that share one concept."""

    @abc.abstractmethod
    def log_predictive(
        self, inputs: Shaped[Array, "n ..."], labels: Shaped[Array, "n ..."]
    ) -> Float[Array, " n"]:
        """log p(y_i | x_i) in nats, each demonstration by itself, its concept averaged over the prior."""

    @abc.abstractmethod
    def read(self: ConceptModelT, context: WeakData) -> ConceptModelT:
        """The model whose prior is this one's posterior after n demonstrations in context.

        This is what in-context learning computes when it is implicit Bayesian inference (Xie et al.
        2022, arXiv 2111.02080).

        Args:
            context: The demonstrations, which share one concept.
        """

    def relabel(self, inputs: Shaped[Array, "n ..."], *, key: Key[Array, ""]) -> Shaped[Array, "n ..."]:
        concept_key, label_key = jax.random.split(key)
        return self.sample_labels(
            inputs, self.sample_concepts(inputs.shape[0], key=concept_key), key=label_key
        )


class LatentConceptModel(ConceptModel):
    """A mixture p(y | x) = sum_k prior_k p(y | x, k) over K latent concepts.

    What no concept of positive prior can produce has log evidence and log predictive -inf, and leaves the
    posterior at the prior (`w2s_sim.concepts.conditioning`).

    Attributes:
        prior: Prior over concepts, shape (K,), a probability vector.
        kind: What such concepts are called in sentences.
        prior_error_labels: The metrics of `prior_errors` by name, each with its unit.
    """

    kind: ClassVar[str] = "latent concepts"
    estimator_example: ClassVar[str] = "InContext(16)"
    prior_error_labels: ClassVar[Mapping[str, str]] = {}

    prior: Float[Array, " K"] = eqx.field(converter=probability("prior"))

    @abc.abstractmethod
    def log_likelihood(
        self, inputs: Shaped[Array, "n ..."], labels: Shaped[Array, "n ..."]
    ) -> Float[Array, "n K"]:
        """log p(y_i | x_i, k) in nats, of each demonstration i under each concept k."""

    @abc.abstractmethod
    def sample_labels(
        self, inputs: Shaped[Array, "n ..."], concepts: Int[Array, " n"], *, key: Key[Array, ""]
    ) -> Shaped[Array, "n ..."]:
        """Labels y_i ~ p(y | x_i, concepts_i)."""

    def with_prior(self: ModelT, prior: Float[Array, " K"]) -> ModelT:
        """The same concepts under another prior."""
        return dataclasses.replace(self, prior=prior)

    @property
    def num_concepts(self) -> int:
        """K."""
        return self.prior.shape[0]

    @property
    def reads_independently(self) -> bool:
        """Whether demonstrations that share a concept are independent given it, in this model's eyes."""
        return True

    def sample_concepts(self, num: int, *, key: Key[Array, ""]) -> Int[Array, "{num}"]:
        # As `jax.random.choice` draws, but a concept of weight zero never.
        steps = cumulative(self.prior)
        return jnp.searchsorted(steps, steps[-1] * (1.0 - jax.random.uniform(key, (num,), steps.dtype)))

    def log_joint(self, inputs: Shaped[Array, "n ..."], labels: Shaped[Array, "n ..."]) -> Float[Array, " K"]:
        """log of prior_k p(y_1..y_n | x_1..x_n, k) in nats, of demonstrations that share concept k."""
        relative, reference = self.log_context(inputs, labels)
        return log_weights(self.prior) + relative + reference

    def log_context(
        self, inputs: Shaped[Array, "n ..."], labels: Shaped[Array, "n ..."]
    ) -> tuple[Float[Array, " K"], Float[Array, ""]]:
        """log p(y_1..y_n | x_1..x_n, k) in nats, as numbers relative to a reference and the reference.

        Demonstrations are independent given their concept. A model in which they are not says so here.
        """
        return context_log_likelihood(self.log_likelihood(inputs, labels))

    def log_posterior(
        self, inputs: Shaped[Array, "n ..."], labels: Shaped[Array, "n ..."]
    ) -> Float[Array, " K"]:
        """log pi_n in nats: the posterior over concepts after n demonstrations in context.

        The prior, if no concept can produce the context.
        """
        return log_posterior(log_weights(self.prior), self.log_context(inputs, labels)[0])

    def log_evidence(
        self, inputs: Shaped[Array, "n ..."], labels: Shaped[Array, "n ..."]
    ) -> Float[Array, ""]:
        relative, reference = self.log_context(inputs, labels)
        return log_mixture(log_weights(self.prior), relative) + reference

    def log_predictive(
        self, inputs: Shaped[Array, "n ..."], labels: Shaped[Array, "n ..."]
    ) -> Float[Array, " n"]:
        return log_mixture(log_weights(self.prior), self.log_likelihood(inputs, labels))

    def read(self: ModelT, context: WeakData) -> ModelT:
        """The model under its posterior. Weights below the smallest number become zero, and stay so."""
        return self.with_prior(jnp.exp(self.log_posterior(context.inputs, context.labels)))

    def relabel(self, inputs: Shaped[Array, "n ..."], *, key: Key[Array, ""]) -> Shaped[Array, "n ..."]:
        return self.sample_predictive(inputs, log_weights(self.prior), key=key)

    def read_each(self, contexts: WeakData) -> "ReadContexts":
        """One posterior for each of N contexts, whose queries are labelled by one draw together."""
        return ReadContexts(self, jax.vmap(self.log_posterior)(contexts.inputs, contexts.labels))

    def read_left_out(self, batches: WeakData) -> Reader:
        """As for every strong model; independent demonstrations need one sum of log likelihoods a batch."""
        if not self.reads_independently:
            return super().read_left_out(batches)
        log_likelihood = jax.vmap(self.log_likelihood)(batches.inputs, batches.labels)
        log_prior = log_posterior(log_weights(self.prior), left_out(log_likelihood))
        return ReadContexts(self, log_prior.reshape(-1, self.num_concepts))

    def prior_errors(
        self, prior: Float[Array, " K"], target_prior: Float[Array, " K"]
    ) -> dict[str, Float[Array, ""]]:
        """Metrics of this kind of concepts: errors of predicting under `prior` where the target is wanted."""
        return {}

    def sample_predictive(
        self, inputs: Shaped[Array, "n ..."], log_weights: Float[Array, "*n K"], *, key: Key[Array, ""]
    ) -> Shaped[Array, "n ..."]:
        """One draw per input from sum_k w_k p(y | x, k): a fresh concept, then its label.

        Args:
            inputs: x_1..x_n, stacked.
            log_weights: log w, either (K,), shared by all inputs, or (n, K), one row an input.
            key: Typed PRNG key.
        """
        concept_key, label_key = jax.random.split(key)
        shape = (inputs.shape[0],)
        concepts = jax.random.categorical(concept_key, log_weights, shape=shape)
        return self.sample_labels(inputs, concepts, key=label_key)


class ReadContexts(eqx.Module):
    """A latent-concept model after reading N contexts, one for each of N queries.

    Attributes:
        source: The model before reading.
        log_prior: log pi_n for each query, shape (N, K), in nats.
    """

    source: LatentConceptModel
    log_prior: Float[Array, "N K"]

    @property
    def prior(self) -> Float[Array, "N K"]:
        """The posterior over concepts for each query."""
        return jnp.exp(self.log_prior)

    def relabel(self, inputs: Shaped[Array, "N ..."], *, key: Key[Array, ""]) -> Shaped[Array, "N ..."]:
        """A label of each query, drawn from the predictive under the posterior of that query."""
        return self.source.sample_predictive(inputs, self.log_prior, key=key)

    def predict(self, inputs: Shaped[Array, "N ..."]) -> Shaped[Array, "N ..."]:
        """The mean label of each query under the posterior of that query."""

        def label(weights: Array, query: Array) -> Array:
            return require_means(self.source.with_prior(weights)).predict(query[None])[0]

        return jax.vmap(label)(self.prior, inputs)


def cumulative(rows: Float[Array, "*rows m"]) -> Float[Array, "*rows m"]:
    """Cumulative sums that never fall, and that stay exactly as they are at an entry of zero.

    Sums of prefixes are rounded each in its own order: those before and after a zero can differ.
    """
    sums = jnp.where(rows > 0, jnp.cumsum(rows, axis=-1), 0.0)
    return jax.lax.cummax(sums, axis=sums.ndim - 1)
