"""The interfaces of latent-concept models, with infinitely or finitely many concepts."""

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
    log_posterior_path,
    log_weights,
)
from w2s_sim.fields import probability
from w2s_sim.strong_model import Reader, StrongModel, require_means
from w2s_sim.weak_data import WeakData

ConceptModelT = TypeVar("ConceptModelT", bound="ConceptModel")
ModelT = TypeVar("ModelT", bound="LatentConceptModel")


class ConceptModel(StrongModel):
    """A conditional label law p(y | x, concept) and a prior over possibly infinitely many concepts.

    Pre-training fixes the conditional laws; only the prior over concepts differs between source and target
    (Somerstep et al. 2025, arXiv 2405.16236). Conditioning on demonstrations returns a model of the same
    class: the same conditional laws with the posterior as prior.

    A demonstration is an input and a label, arrays of any shape, float or int; n demonstrations are stacked
    along the first axis.
    """

    @abc.abstractmethod
    def sample_concepts(self, num: int, *, key: Key[Array, ""]) -> Shaped[Array, "{num} ..."]:
        """Draw `num` independent concepts from the prior."""

    @abc.abstractmethod
    def sample_labels(
        self, inputs: Shaped[Array, "n ..."], concepts: Shaped[Array, "n ..."], *, key: Key[Array, ""]
    ) -> Shaped[Array, "n ..."]:
        """Draw labels y_i ~ p(y | x_i, concepts_i)."""

    @abc.abstractmethod
    def log_evidence(
        self, inputs: Shaped[Array, "n ..."], labels: Shaped[Array, "n ..."]
    ) -> Float[Array, ""]:
        """Log evidence log p(y_1..y_n | x_1..x_n) in nats of demonstrations that share one concept."""

    @abc.abstractmethod
    def log_predictive(
        self, inputs: Shaped[Array, "n ..."], labels: Shaped[Array, "n ..."]
    ) -> Float[Array, " n"]:
        """Log predictive log p(y_i | x_i) of each demonstration in nats, averaged over the prior."""

    @abc.abstractmethod
    def read(self: ConceptModelT, context: WeakData) -> ConceptModelT:
        """Return the model whose prior is the posterior given n demonstrations in context.

        In-context learning computes this posterior if it is implicit Bayesian inference (Xie et al. 2022,
        arXiv 2111.02080).

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

    If no concept of positive prior can produce the demonstrations, the log evidence and log predictive are
    -inf and the posterior equals the prior (see `w2s_sim.concepts.conditioning`).

    Attributes:
        prior: Prior over concepts, shape (K,), a probability vector.
        kind: Name of this kind of concepts in messages.
        prior_error_labels: Axis label, with its unit, of every metric that `prior_errors` returns.
    """

    kind: ClassVar[str] = "latent concepts"
    estimator_example: ClassVar[str] = "InContext(16)"
    prior_error_labels: ClassVar[Mapping[str, str]] = {}

    prior: Float[Array, " K"] = eqx.field(converter=probability("prior"))

    @abc.abstractmethod
    def log_likelihood(
        self, inputs: Shaped[Array, "n ..."], labels: Shaped[Array, "n ..."]
    ) -> Float[Array, "n K"]:
        """Log likelihood log p(y_i | x_i, k) of each demonstration i under each concept k, in nats."""

    @abc.abstractmethod
    def sample_labels(
        self, inputs: Shaped[Array, "n ..."], concepts: Int[Array, " n"], *, key: Key[Array, ""]
    ) -> Shaped[Array, "n ..."]:
        """Draw labels y_i ~ p(y | x_i, concepts_i)."""

    def with_prior(self: ModelT, prior: Float[Array, " K"]) -> ModelT:
        """Return the same concepts with another prior."""
        return dataclasses.replace(self, prior=prior)

    @property
    def num_concepts(self) -> int:
        """Number of concepts K."""
        return self.prior.shape[0]

    @property
    def reads_independently(self) -> bool:
        """Whether the model treats demonstrations with the same concept as conditionally independent."""
        return True

    def sample_concepts(self, num: int, *, key: Key[Array, ""]) -> Int[Array, "{num}"]:
        # The same draws as `jax.random.choice`, except that a concept of weight zero is never drawn.
        steps = cumulative(self.prior)
        return jnp.searchsorted(steps, steps[-1] * (1.0 - jax.random.uniform(key, (num,), steps.dtype)))

    def log_joint(self, inputs: Shaped[Array, "n ..."], labels: Shaped[Array, "n ..."]) -> Float[Array, " K"]:
        """Log joint log(prior_k p(y_1..y_n | x_1..x_n, k)) in nats of demonstrations that share concept k."""
        relative, reference = self.log_context(inputs, labels)
        return log_weights(self.prior) + relative + reference

    def log_context(
        self, inputs: Shaped[Array, "n ..."], labels: Shaped[Array, "n ..."]
    ) -> tuple[Float[Array, " K"], Float[Array, ""]]:
        """Log likelihood of a context in nats, as values relative to a reference and the reference.

        Their sum is log p(y_1..y_n | x_1..x_n, k). By default, demonstrations are independent given the
        concept; a model with dependent demonstrations overrides this method.
        """
        return context_log_likelihood(self.log_likelihood(inputs, labels))

    def log_posterior(
        self, inputs: Shaped[Array, "n ..."], labels: Shaped[Array, "n ..."]
    ) -> Float[Array, " K"]:
        """Log posterior log pi_n over concepts given n demonstrations in context, in nats.

        Equals the log prior if no concept can produce the context.
        """
        return log_posterior(log_weights(self.prior), self.log_context(inputs, labels)[0])

    def log_posterior_path(
        self, inputs: Shaped[Array, "n ..."], labels: Shaped[Array, "n ..."]
    ) -> Float[Array, "steps K"]:
        """Log posteriors log pi_0, ..., log pi_n after every prefix of the demonstrations, in nats.

        Independent demonstrations are read once, for all prefixes; dependent ones once for every prefix.
        """
        log_prior = log_weights(self.prior)
        if self.reads_independently:
            return log_posterior_path(log_prior, self.log_likelihood(inputs, labels))
        sizes = range(1, labels.shape[0] + 1)
        prefixes = [self.log_posterior(inputs[:size], labels[:size]) for size in sizes]
        return jnp.stack([log_posterior(log_prior, jnp.zeros_like(log_prior)), *prefixes])

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
        """Return the model with its posterior as prior. Weights that underflow become and stay zero."""
        return self.with_prior(jnp.exp(self.log_posterior(context.inputs, context.labels)))

    def relabel(self, inputs: Shaped[Array, "n ..."], *, key: Key[Array, ""]) -> Shaped[Array, "n ..."]:
        return self.sample_predictive(inputs, log_weights(self.prior), key=key)

    def read_each(self, contexts: WeakData) -> "ReadContexts":
        """Compute the posterior of each of N contexts; one draw then relabels all N queries."""
        return ReadContexts(self, jax.vmap(self.log_posterior)(contexts.inputs, contexts.labels))

    def read_left_out(self, batches: WeakData) -> Reader:
        """Compute leave-one-out posteriors; independent demonstrations share one sum of log likelihoods."""
        if not self.reads_independently:
            return super().read_left_out(batches)
        log_likelihood = jax.vmap(self.log_likelihood)(batches.inputs, batches.labels)
        log_prior = log_posterior(log_weights(self.prior), left_out(log_likelihood))
        return ReadContexts(self, log_prior.reshape(-1, self.num_concepts))

    def read_whole(self, batches: WeakData) -> "ReadContexts":
        """Compute one posterior per batch, which all queries of the batch share."""
        log_prior = jax.vmap(self.log_posterior)(batches.inputs, batches.labels)
        return ReadContexts(self, jnp.repeat(log_prior, batches.labels.shape[1], axis=0))

    def prior_errors(
        self, prior: Float[Array, " K"], target_prior: Float[Array, " K"]
    ) -> dict[str, Float[Array, ""]]:
        """Extra metrics: errors of the predictions under `prior` relative to those under `target_prior`."""
        return {}

    def sample_predictive(
        self, inputs: Shaped[Array, "n ..."], log_weights: Float[Array, "*n K"], *, key: Key[Array, ""]
    ) -> Shaped[Array, "n ..."]:
        """Draw one label per input from sum_k w_k p(y | x, k): first a concept, then its label.

        Args:
            inputs: x_1..x_n, stacked.
            log_weights: log w, of shape (K,), shared by all inputs, or (n, K), one row per input.
            key: Typed PRNG key.
        """
        concept_key, label_key = jax.random.split(key)
        shape = (inputs.shape[0],)
        concepts = jax.random.categorical(concept_key, log_weights, shape=shape)
        return self.sample_labels(inputs, concepts, key=label_key)


class ReadContexts(eqx.Module):
    """A latent-concept model after reading N contexts, one per query.

    Attributes:
        source: The model before it reads the contexts.
        log_prior: Log posterior log pi_n of each context, shape (N, K), in nats.
    """

    source: LatentConceptModel
    log_prior: Float[Array, "N K"]

    @property
    def prior(self) -> Float[Array, "N K"]:
        """Posterior over concepts of each query."""
        return jnp.exp(self.log_prior)

    def relabel(self, inputs: Shaped[Array, "N ..."], *, key: Key[Array, ""]) -> Shaped[Array, "N ..."]:
        """Draw a label of each query from the predictive under the posterior of that query."""
        return self.source.sample_predictive(inputs, self.log_prior, key=key)

    def predict(self, inputs: Shaped[Array, "N ..."]) -> Shaped[Array, "N ..."]:
        """Mean label of each query under the posterior of that query."""

        def label(weights: Array, query: Array) -> Array:
            return require_means(self.source.with_prior(weights)).predict(query[None])[0]

        return jax.vmap(label)(self.prior, inputs)


def cumulative(rows: Float[Array, "*rows m"]) -> Float[Array, "*rows m"]:
    """Nondecreasing cumulative sums along the last axis, exactly constant at entries of zero.

    `jnp.cumsum` alone does not guarantee this: it rounds each prefix sum in its own order.
    """
    sums = jnp.where(rows > 0, jnp.cumsum(rows, axis=-1), 0.0)
    return jax.lax.cummax(sums, axis=sums.ndim - 1)
