"""An ensemble of strong models that each act on one concept, drawn from the posterior."""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Key

from w2s_sim.estimators.posterior_rule import PosteriorRule
from w2s_sim.fields import whole


class PosteriorEnsemble(PosteriorRule):
    """The average of m predictors, each of one concept that is drawn from the posterior.

    The strong model reads n weak demonstrations. Each member of the ensemble draws a concept from the
    posterior pi_n by itself and predicts with this concept alone; the student averages the predictions. With
    one member this is posterior sampling; with more and more members it becomes `InContext`, the posterior
    mean.

    Attributes:
        num_demonstrations: Number of demonstrations n >= 1.
        members: Number of members m >= 1.

    Source: after Xu, Yao, Wang & Liu 2025, arXiv 2505.24313 (a random teacher and its posterior mean).
    """

    members: int = eqx.field(static=True, converter=whole("members"), default=1)

    def prior_from(self, log_posterior: Float[Array, " K"], *, key: Key[Array, ""]) -> Float[Array, " K"]:
        """Return the shares of the members that draw each concept."""
        concepts = jax.random.categorical(key, log_posterior, shape=(self.members,))
        return jnp.zeros_like(log_posterior).at[concepts].add(1.0 / self.members)
