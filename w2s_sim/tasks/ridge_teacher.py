"""Weak teachers with few features: ridge regression of true labels on linear features of the inputs."""

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float

from w2s_sim._checks import require_count
from w2s_sim.fields import entries, nonnegative
from w2s_sim.tasks.ridge_step import ridge_step
from w2s_sim.tasks.weak_moments import WeakMoments, spectral_filter
from w2s_sim.weak_data import WeakData


class RidgeTeacher(eqx.Module):
    """A weak model that learns from true labels, by ridge regression on the features A_w^T x of an input x.

    It minimises (1/n) sum (y_i - w^T A_w^T x_i)^2 + lambda ||w||^2 over w, and predicts theta^T x with
    theta = A_w w. At lambda = 0 this is least squares, by the shortest w if several fit as well.

    Attributes:
        features: A_w, shape (d, p_w): column j holds the coefficients of feature j.
        ridge: Penalty lambda >= 0, in squared feature units.
        noise: Standard deviation of normal noise on the weak labels, >= 0, in label units.
        num_true: Number n >= 1 of true pairs; None for infinitely many.

    Raises:
        InputError: If a number is out of its range.
    """

    features: Float[Array, "d p"] = eqx.field(converter=entries("weak.weak_features", "(d, p)"))
    ridge: Float[Array, ""] = eqx.field(converter=nonnegative("weak.ridge"), default=0.0)
    noise: Float[Array, ""] = eqx.field(converter=nonnegative("weak.noise"), default=0.0)
    num_true: int | None = eqx.field(static=True, default=None)

    def __check_init__(self) -> None:
        if self.num_true is not None:
            require_count("weak.num_true", self.num_true, 1)

    @property
    def num_features(self) -> int:
        """Number of weak features p_w."""
        return self.features.shape[1]

    @property
    def penalty(self) -> Float[Array, ""]:
        """The penalty lambda."""
        return self.ridge

    def filter_matrix(
        self, covariance: Float[Array, "p p"], num_pairs: float | Float[Array, ""]
    ) -> Float[Array, "p p"]:
        """Matrix (S + lambda I)^{-1}; zero on directions that the features do not span.

        Args:
            covariance: Second moment S of the weak features.
            num_pairs: n, which sets the rounding error of S.
        """
        return spectral_filter(covariance, num_pairs, lambda spectrum: 1.0 / (spectrum + self.ridge))

    def fit(self, inputs: Float[Array, "n d"], labels: Float[Array, " n"]) -> Float[Array, " d"]:
        """Return theta, the predictor of the inputs that the teacher learns from true pairs."""
        pairs = WeakData(inputs @ self.features, labels)
        return self.features @ ridge_step(self, WeakMoments.of(pairs, jnp.zeros_like(self.features[0])))

    def fit_population(
        self, covariance: Float[Array, "d d"], target: Float[Array, " d"]
    ) -> Float[Array, " d"]:
        """Return theta for infinitely many true pairs.

        Args:
            covariance: Sigma = E[x x^T].
            target: beta, the coefficients of the mean true label.
        """
        across = self.features.T @ covariance
        moments = WeakMoments(across @ self.features, across @ target, jnp.ones_like(self.ridge))
        return self.features @ ridge_step(self, moments)
