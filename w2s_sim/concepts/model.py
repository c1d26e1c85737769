"""The interface of every latent-concept model."""

import abc
import dataclasses
from typing import TypeVar

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int, Key, Shaped

from w2s_sim._checks import as_float, require_prior

ModelT = TypeVar("ModelT", bound="LatentConceptModel")


class LatentConceptModel(eqx.Module):
    """A mixture p(y | x) = sum_k prior_k p(y | x, k) over K latent concepts.

    The conditional laws p(y | x, k) are what pre-training taught; only the prior over concepts differs
    between source and target (Somerstep et al. 2025, arXiv 2405.16236).

    A demonstration is an input and a label of any shape, float or int; n of them are stacked along the first
    axis.

    Attributes:
        prior: Prior over concepts, shape (K,), a probability vector.
    """

    prior: Float[Array, " K"] = eqx.field(converter=as_float)

    def __check_init__(self) -> None:
        require_prior("prior", self.prior)

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

    def log_posterior(
        self, inputs: Shaped[Array, "n ..."], labels: Shaped[Array, "n ..."]
    ) -> Float[Array, " K"]:
        """log of the posterior over concepts after n demonstrations in context, in nats.

        This is what in-context learning computes when it is implicit Bayesian inference (Xie et al.
        2022, arXiv 2111.02080): pi_n(k) ~ prior_k prod_i p(y_i | x_i, k).
        """
        evidence = jnp.sum(self.log_likelihood(inputs, labels), axis=0)
        return jax.nn.log_softmax(jnp.log(self.prior) + evidence)

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
