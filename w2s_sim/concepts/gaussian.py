"""A continuum of regression concepts: a Gaussian prior over beta, updated in closed form."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax.scipy.linalg import cho_solve, solve_triangular
from jax.scipy.stats import norm
from jaxtyping import Array, Float, Key

from w2s_sim._checks import as_float, concrete, require_between, require_finite, require_shape, short
from w2s_sim.concepts.model import ConceptModel
from w2s_sim.errors import InputError
from w2s_sim.students import LinearStudent

# How far rounding in float32 may carry a covariance from a symmetric positive one, relative to its largest
# entry.
ROUNDING = 1e-5


class GaussianConceptModel(ConceptModel):
    """Concepts beta ~ N(mean, covariance), labels y ~ N(beta^T x, sigma^2).

    The prior is conjugate: the posterior is Gaussian again, so that nothing is approximated. The covariance
    may be singular; directions without prior variance never move.

    Attributes:
        mean: Mean concept, shape (d,), in label units per feature unit.
        covariance: Of the concepts, shape (d, d), symmetric and positive semidefinite.
        noise: sigma > 0, in label units.

    Raises:
        InputError: If shapes do not fit, or the covariance is none, or the noise is not positive.
    """

    mean: Float[Array, " d"] = eqx.field(converter=as_float)
    covariance: Float[Array, "d d"] = eqx.field(converter=as_float)
    noise: Float[Array, ""] = eqx.field(converter=as_float)

    def __check_init__(self) -> None:
        require_finite("mean", self.mean)
        require_shape("covariance", self.covariance, 2 * self.mean.shape, "features x features")
        require_finite("covariance", self.covariance)
        require_between("noise", self.noise, 0.0, open_low=True)
        if not concrete(self.covariance):
            return
        covariance = np.asarray(self.covariance, dtype=np.float64)
        tolerance = ROUNDING * max(np.abs(covariance).max(initial=0.0), np.finfo(np.float32).tiny)
        if np.abs(covariance - covariance.T).max(initial=0.0) > tolerance:
            raise InputError("covariance", short(self.covariance), "a symmetric matrix")
        smallest = np.linalg.eigvalsh(covariance).min(initial=0.0)
        if smallest < -len(covariance) * tolerance:
            raise InputError("covariance", f"an eigenvalue {smallest:.3g}", "a positive semidefinite matrix")

    @property
    def dim(self) -> int:
        """d."""
        return self.mean.shape[0]

    @property
    def mean_student(self) -> LinearStudent:
        """The mean predictor E[y | x]."""
        return LinearStudent(self.mean)

    def sample_concepts(self, num: int, *, key: Key[Array, ""]) -> Float[Array, "{num} d"]:
        # By singular values: a Cholesky factor needs a covariance that is not singular.
        return jax.random.multivariate_normal(key, self.mean, self.covariance, (num,), method="svd")

    def sample_labels(
        self, inputs: Float[Array, "n d"], concepts: Float[Array, "n d"], *, key: Key[Array, ""]
    ) -> Float[Array, " n"]:
        means = jnp.sum(inputs * concepts, axis=-1)
        return means + self.noise * jax.random.normal(key, means.shape)

    def _factor(self, inputs: Float[Array, "n d"]) -> Float[Array, "n n"]:
        """Lower Cholesky factor of the covariance of the labels, X C X^T + sigma^2 I."""
        shared = inputs @ self.covariance @ inputs.T
        return jnp.linalg.cholesky(shared + self.noise**2 * jnp.eye(inputs.shape[0]))

    def log_evidence(self, inputs: Float[Array, "n d"], labels: Float[Array, " n"]) -> Float[Array, ""]:
        factor = self._factor(inputs)
        white = solve_triangular(factor, labels - inputs @ self.mean, lower=True)
        return jnp.sum(norm.logpdf(white)) - jnp.sum(jnp.log(jnp.diagonal(factor)))

    def log_predictive(self, inputs: Float[Array, "n d"], labels: Float[Array, " n"]) -> Float[Array, " n"]:
        variances = self.noise**2 + jnp.sum((inputs @ self.covariance) * inputs, axis=1)
        return norm.logpdf(labels, inputs @ self.mean, jnp.sqrt(variances))

    def updated(self, inputs: Float[Array, "n d"], labels: Float[Array, " n"]) -> "GaussianConceptModel":
        spread = inputs @ self.covariance
        factor = self._factor(inputs)
        gain = cho_solve((factor, True), spread)
        covariance = self.covariance - spread.T @ gain
        return GaussianConceptModel(
            self.mean + gain.T @ (labels - inputs @ self.mean), 0.5 * (covariance + covariance.T), self.noise
        )
