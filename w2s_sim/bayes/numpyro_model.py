"""The hierarchical model of weak data: priors of the concept prior, the weak bias and the weak noise."""

from collections.abc import Callable

import equinox as eqx
import jax.numpy as jnp
import numpy as np
import numpyro
import numpyro.distributions as dist
from jax.scipy.stats import norm
from jaxtyping import Array, Float

from w2s_sim._checks import require_between, require_count
from w2s_sim.concepts import LatentConceptModel, RegressionModel
from w2s_sim.concepts.conditioning import log_mixture, log_weights
from w2s_sim.errors import InputError
from w2s_sim.fields import positive
from w2s_sim.tasks.task import WeakData


class Beliefs(eqx.Module):
    """Prior of the parameters of the weak data: the concept prior, the weak noise and the weak bias.

    Attributes:
        concentration: Parameter > 0 of the symmetric Dirichlet prior of alpha^Q: 1 is flat, smaller values
            favour few concepts.
        noise_spread: Standard deviation of log(sigma' / sigma), >= 0; at 0 the weak noise equals the strong
            model's noise. For regression concepts.
        bias_scale: Standard deviation of the weak bias in each direction, >= 0, in label units per feature
            unit; at 0 there is no bias. The bias is one vector for all concepts, orthogonal to their
            differences: along a difference, a bias cannot be told from another concept. For regression
            concepts.
    """

    concentration: Float[Array, ""] = eqx.field(converter=positive("concentration"), default=1.0)
    noise_spread: float = eqx.field(static=True, default=0.0)
    bias_scale: float = eqx.field(static=True, default=0.0)

    def __check_init__(self) -> None:
        require_between("noise_spread", self.noise_spread, 0.0)
        require_between("bias_scale", self.bias_scale, 0.0)


def weak_data_model(
    source: LatentConceptModel,
    beliefs: Beliefs,
    context_size: int = 1,
    across: Float[Array, "d r"] | None = None,
) -> Callable[[WeakData], None]:
    """Return the NumPyro model of weak data.

    Sites: `prior` (K,), and for regression concepts with positive `noise_spread` or `bias_scale`, `noise`
    (sigma', label units) or `bias` (d,). The concept of every context is summed out, not sampled.

    Args:
        source: The strong model.
        beliefs: Prior of the parameters.
        context_size: Number of consecutive pairs that share one draw of the concept; 1 if each draws its own.
        across: `bias_directions(source)`, which must be computed beforehand if JAX traces the source.

    Raises:
        InputError: If the beliefs have noise or bias for concepts other than regression concepts, or the
            model cannot read contexts pair by pair.
    """
    require_count("context_size", context_size, 1)
    if context_size > 1 and not source.reads_independently:
        raise InputError("context_size", context_size, f"1 for concepts of {type(source).__name__}")
    plain = beliefs.noise_spread == 0 and beliefs.bias_scale == 0
    if not plain and not isinstance(source, RegressionModel):
        given = f"noise_spread = {beliefs.noise_spread:g}, bias_scale = {beliefs.bias_scale:g}"
        raise InputError("beliefs", given, f"0 and 0 for concepts of {type(source).__name__}")
    if across is None and beliefs.bias_scale > 0:
        across = bias_directions(source)

    def model(data: WeakData) -> None:
        weights = jnp.full(source.num_concepts, 1.0) * beliefs.concentration
        prior = numpyro.sample("prior", dist.Dirichlet(weights))
        if plain:
            log_likelihood = source.log_likelihood(data.inputs, data.labels)
        else:
            log_likelihood = _regression_log_likelihood(source, beliefs, across, data)
        by_context = log_likelihood.reshape(-1, context_size, source.num_concepts).sum(axis=1)
        mixture = log_mixture(log_weights(jnp.asarray(prior)), by_context)
        # A context that is impossible under every concept contributes no information.
        numpyro.factor("weak labels", jnp.sum(jnp.where(jnp.isfinite(mixture), mixture, 0.0)))

    return model


def _regression_log_likelihood(
    source: LatentConceptModel, beliefs: Beliefs, across: Float[Array, "d r"] | None, data: WeakData
) -> Float[Array, "n K"]:
    assert isinstance(source, RegressionModel)
    residuals = data.labels[:, None] - data.inputs @ source.vectors.T
    noise = source.noise
    if beliefs.noise_spread > 0:
        noise = numpyro.sample("noise", dist.LogNormal(jnp.log(source.noise), beliefs.noise_spread))
    if beliefs.bias_scale > 0 and across is not None:
        unit = dist.Normal(0.0, 1.0).expand([across.shape[1]]).to_event(1)
        coordinates = numpyro.sample("bias_coordinates", unit)
        bias = numpyro.deterministic("bias", beliefs.bias_scale * across @ coordinates)
        residuals = residuals - (data.inputs @ bias)[:, None]
    return norm.logpdf(residuals, scale=noise)


def bias_directions(source: LatentConceptModel) -> Float[Array, "d r"]:
    """Return an orthonormal basis, (d, r), of the complement of all differences of two concepts.

    Raises:
        InputError: If the differences span all directions.
    """
    assert isinstance(source, RegressionModel)
    vectors = np.asarray(source.vectors, dtype=np.float64)
    _, sizes, rows = np.linalg.svd(vectors[1:] - vectors[0], full_matrices=True)
    rank = int(np.sum(sizes > 1e-6 * sizes.max(initial=0.0)))
    if rank == vectors.shape[1]:
        given = f"a bias in dimension {rank}"
        raise InputError("bias_scale", given, "0: differences of concepts span all directions")
    return jnp.asarray(rows[rank:].T, dtype=float)
