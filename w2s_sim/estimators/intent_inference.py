"""Intent inference: the strong model names one concept from weak demonstrations, and answers by it alone."""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Key

from w2s_sim.estimators.posterior_rule import PosteriorRule


class IntentInference(PosteriorRule):
    """The strong model under the one concept that n weak demonstrations make most probable.

    The strong model reads the demonstrations, names the concept argmax_k pi_n(k), and predicts with this
    concept alone. `InContext` predicts with the mixture of all concepts under pi_n instead. The first of
    several equally probable concepts is named.

    Attributes:
        num_demonstrations: Number of demonstrations n >= 1.

    Source: after the second algorithm (infer and respond) of Somerstep et al. 2025, arXiv 2405.16236.
    """

    def prior_from(self, log_posterior: Float[Array, " K"], *, key: Key[Array, ""]) -> Float[Array, " K"]:
        """Return the prior that puts weight 1 on the named concept."""
        return named(log_posterior)


def named(log_posterior: Float[Array, " K"]) -> Float[Array, " K"]:
    """Return the prior that puts weight 1 on the most probable concept."""
    return jax.nn.one_hot(jnp.argmax(log_posterior), log_posterior.shape[0], dtype=log_posterior.dtype)
