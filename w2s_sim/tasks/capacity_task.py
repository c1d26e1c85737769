"""Tasks of capacity: the weak and the strong model see one input through different features."""

from collections.abc import Mapping
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Key

from w2s_sim._checks import concrete, described, require_count, require_key, require_shape
from w2s_sim.concepts import RegressionModel
from w2s_sim.errors import InputError
from w2s_sim.fields import entries, nonnegative, part
from w2s_sim.laws.features import FeatureLaw
from w2s_sim.students import LinearPredictor
from w2s_sim.tasks.regression_task import too_coarse
from w2s_sim.tasks.ridge_teacher import RidgeTeacher
from w2s_sim.tasks.task import Task, WeakData

# Features count as dependent if the smallest eigenvalue of their correlations is below this number: float32
# computes a projection on their span to about 1e-7 divided by it.
INDEPENDENCE = 1e-5


class TeacherPredictor(eqx.Module):
    """The predictor theta^T x of a teacher, of which training may make a random draw.

    Attributes:
        mean: E[theta], shape (d,), in label units per feature unit.
        variance: E||theta - E theta||^2_Sigma >= 0, in squared label units; nan if no closed form is known.
    """

    mean: Float[Array, " d"]
    variance: Float[Array, ""]


class CapacityTask(Task[RegressionModel, LinearPredictor | TeacherPredictor]):
    """A teacher with the features A_w^T x labels inputs for a student with the features A_s^T x.

    True labels are y = beta^T x + sigma e. Every draw of weak data trains the teacher anew on true pairs of
    its own. The teacher then labels fresh inputs, and learners see these inputs through the strong features.
    A student is a linear predictor b of the strong features, so that every estimator of regression concepts
    can learn here.

    Attributes:
        features: Law of x in R^d.
        target_vector: beta, shape (d,), in label units per feature unit.
        noise: Standard deviation sigma >= 0 of normal noise on the true labels, in label units.
        strong_features: A_s, shape (d, p_s): column j holds the coefficients of feature j.
        supervisor: The weak model, with its features A_w.
        start: Coefficients of the strong model before alignment, shape (p_s,).

    Raises:
        InputError: If shapes do not match, or the features of a model are linearly dependent.
    """

    features: FeatureLaw = eqx.field(
        converter=part("features", FeatureLaw, "a law of features, such as Gaussian(8)")
    )
    target_vector: Float[Array, " d"] = eqx.field(converter=entries("target", "(d,)"))
    noise: Float[Array, ""] = eqx.field(converter=nonnegative("noise"))
    strong_features: Float[Array, "d s"] = eqx.field(converter=entries("strong_features", "(d, p)"))
    supervisor: RidgeTeacher = eqx.field(
        converter=part("weak", RidgeTeacher, "a weak model, such as RidgeTeacher(jnp.eye(8, 3))")
    )
    start: Float[Array, " s"] = eqx.field(converter=entries("start", "(p,)"))

    def __check_init__(self) -> None:
        dim, strong_dim = self.features.dim, self.strong_features.shape[1]
        require_shape("target", self.target_vector, (dim,), "one number per coordinate of x")
        require_shape("start", self.start, (strong_dim,), "one number per strong feature")
        for name, matrix in (
            ("strong_features", self.strong_features),
            ("weak.weak_features", self.supervisor.features),
        ):
            require_shape(name, matrix, (dim, matrix.shape[1]), "one row per coordinate of x")
            _require_independent(name, matrix, self.features.covariance)

    @property
    def dim(self) -> int:
        """Number d of coordinates of the inputs."""
        return self.features.dim

    @property
    def weak_dim(self) -> int:
        """Number p_w of weak features."""
        return self.supervisor.num_features

    @property
    def strong_dim(self) -> int:
        """Number p_s of strong features."""
        return self.strong_features.shape[1]

    @property
    def source(self) -> RegressionModel:
        """The strong model before alignment: one concept, and labels scattered as far as the true ones."""
        error = self.strong_features @ self.start - self.target_vector
        scatter = jnp.sqrt(self.noise**2 + self.squared_norm(error))
        return RegressionModel(
            jnp.ones_like(scatter)[None], self.start[None], jnp.where(scatter > 0, scatter, 1.0)
        )

    def squared_norm(self, vector: Float[Array, " d"]) -> Float[Array, ""]:
        """Return ||v||^2_Sigma = E (v^T x)^2."""
        return vector @ self.features.covariance @ vector

    def weak_projection(self, vector: Float[Array, " d"]) -> Float[Array, " d"]:
        """Return P_w v, the nearest vector in the span of A_w in the norm of Sigma."""
        return _projection(self.supervisor.features, self.features.covariance, vector)

    def strong_projection(self, vector: Float[Array, " d"]) -> Float[Array, " d"]:
        """Return P_s v, the nearest vector in the span of A_s in the norm of Sigma."""
        return _projection(self.strong_features, self.features.covariance, vector)

    @property
    def overlap(self) -> Float[Array, ""]:
        """Capacity overlap ||U_s^T U_w||_F^2: the sum of the squared canonical correlations of both features.

        U_s and U_w are orthonormal bases of the two spans in the norm of Sigma. It is at most the smaller of
        p_w and p_s.

        Source: Dong et al. 2025, arXiv 2502.05075 (correlation dimension).
        """
        spanned = jax.vmap(self.strong_projection, in_axes=1, out_axes=1)(self.supervisor.features)
        weak = self.supervisor.features.T @ self.features.covariance
        return jnp.trace(jnp.linalg.solve(weak @ self.supervisor.features, weak @ spanned))

    @property
    def ceiling(self) -> Float[Array, " d"]:
        """P_s beta: the best predictor with strong features."""
        return self.strong_projection(self.target_vector)

    @property
    def population_teacher(self) -> Float[Array, " d"]:
        """The teacher's predictor theta after infinitely many true pairs; P_w beta at lambda = 0."""
        return self.supervisor.fit_population(self.features.covariance, self.target_vector)

    def sample_teacher(self, *, key: Key[Array, ""]) -> Float[Array, " d"]:
        """Train the teacher on true pairs of its own, and return its predictor theta."""
        if self.supervisor.num_true is None:
            return self.population_teacher
        input_key, noise_key = jax.random.split(key)
        inputs = self.features.sample(self.supervisor.num_true, key=input_key)
        noise = self.noise * jax.random.normal(noise_key, inputs.shape[:1])
        return self.supervisor.fit(inputs, inputs @ self.target_vector + noise)

    def sample_weak(self, num_weak: int, *, context_size: int = 1, key: Key[Array, ""]) -> WeakData:
        """Draw the strong features of inputs with labels of one teacher; there are no concepts to share.

        The arguments are those of `Task.sample_weak`.
        """
        require_count("num_weak", num_weak, 0)
        require_count("context_size", context_size, 1)
        require_key("key", key)
        teacher_key, input_key, noise_key = jax.random.split(key, 3)
        teacher = self.sample_teacher(key=teacher_key)
        return self.labelled_by(teacher, num_weak, input_key=input_key, noise_key=noise_key)

    def labelled_by(
        self,
        teacher: Float[Array, " d"],
        num_weak: int,
        *,
        input_key: Key[Array, ""],
        noise_key: Key[Array, ""],
    ) -> WeakData:
        """Draw the strong features of inputs that a given teacher labels.

        Args:
            teacher: Its predictor theta.
            num_weak: Number N of inputs.
            input_key: Typed PRNG key of the inputs.
            noise_key: Typed PRNG key of the noise on the labels.
        """
        inputs = self.features.sample(num_weak, key=input_key)
        seen = jnp.matmul(
            inputs, jnp.concatenate([self.strong_features, teacher[:, None]], axis=1), precision="highest"
        )
        noise = self.supervisor.noise * jax.random.normal(noise_key, (num_weak,))
        return WeakData(seen[:, :-1], seen[:, -1] + noise)

    @property
    def metric_labels(self) -> Mapping[str, str]:
        return {
            "risk": "excess risk (squared label units)",
            "ceiling_gap": "distance from the best student (squared label units)",
        }

    def metrics(self, student: LinearPredictor | TeacherPredictor) -> dict[str, Float[Array, ""]]:
        """Exact metrics of a student, or mean risk of a teacher.

        `risk` is ||A_s b - beta||^2_Sigma, and `ceiling_gap` is ||A_s b - P_s beta||^2_Sigma, its excess over
        the best student with strong features. A teacher has no such gap: it has other features.
        """
        if isinstance(student, TeacherPredictor):
            return {"risk": self.squared_norm(student.mean - self.target_vector) + student.variance}
        if isinstance(student, type) or not isinstance(student, LinearPredictor):
            raise InputError("student", described(student), "a LinearStudent, such as estimators return")
        expected = "one number per strong feature"
        require_shape("student.coefficients", student.coefficients, (self.strong_dim,), expected)
        vector = self.strong_features @ student.coefficients
        return {
            "risk": self.squared_norm(vector - self.target_vector),
            "ceiling_gap": self.squared_norm(vector - self.ceiling),
        }

    @property
    def weak_student(self) -> TeacherPredictor:
        """The teacher over all draws of its training: its risk is the mean risk of a trained teacher.

        A closed form of the variance is known for the population teacher, and for least squares on
        n > p_w + 1 pairs with normal features: (sigma^2 + ||beta - P_w beta||^2_Sigma) p_w / (n - p_w - 1).
        For other teachers the variance is nan, and so are the risk and the gap recovered.
        """
        mean, teacher = self.population_teacher, self.supervisor
        if teacher.num_true is None:
            return TeacherPredictor(mean, jnp.zeros_like(teacher.noise))
        spare = teacher.num_true - self.weak_dim - 1
        scatter = self.noise**2 + self.squared_norm(self.target_vector - mean)
        variance = scatter * self.weak_dim / spare if spare > 0 else jnp.full_like(scatter, jnp.nan)
        known = (teacher.ridge == 0.0) & (self.features.normal_factor is not None)
        return TeacherPredictor(mean, jnp.where(known, variance, jnp.nan))

    @property
    def plotted_numbers(self) -> Mapping[str, int | float | str]:
        return {
            "dim": self.dim,
            "features": type(self.features).__name__,
            "weak_dim": self.weak_dim,
            "strong_dim": self.strong_dim,
            "overlap": float(f"{float(self.overlap):.6g}"),
            **({} if self.supervisor.num_true is None else {"num_true": self.supervisor.num_true}),
        }

    @property
    def label_length(self) -> float:
        """Larger Sigma-norm of beta and of A_s start, in label units. Needs concrete values."""
        vectors = (self.target_vector, self.strong_features @ self.start)
        return float(jnp.sqrt(max(self.squared_norm(vector) for vector in vectors)))

    def unresolved(self, num_weak: int) -> str:
        """Compare the rounding error of labels with the scatter of the weak labels. Needs concrete values.

        The scatter is that of the teacher's training and of the noise of its labels.
        """
        variance = jnp.nan_to_num(self.weak_student.variance, nan=float(self.noise) ** 2)
        scatter = float(jnp.sqrt(self.supervisor.noise**2 + variance))
        return too_coarse(self.label_length, scatter, num_weak, self.target_vector.dtype)


def _projection(
    matrix: Float[Array, "d p"], covariance: Float[Array, "d d"], vector: Float[Array, " d"]
) -> Float[Array, " d"]:
    across = matrix.T @ covariance
    return matrix @ jnp.linalg.solve(across @ matrix, across @ vector)


def _require_independent(name: str, matrix: Any, covariance: Any) -> None:
    """Raise if some linear combination of the features is zero, or nearly so."""
    if not concrete(matrix, covariance):
        return
    columns = np.asarray(matrix, dtype=np.float64)
    moments = columns.T @ np.asarray(covariance, dtype=np.float64) @ columns
    lengths = np.sqrt(np.maximum(np.diagonal(moments), 0.0))
    correlations = moments / np.outer(lengths, lengths) if np.all(lengths > 0) else np.zeros((1, 1))
    smallest = np.linalg.eigvalsh(correlations)[0]
    if smallest < INDEPENDENCE:
        given = f"{columns.shape[1]} features, of which a combination of length 1 has variance {smallest:.2g}"
        raise InputError(name, given, "linearly independent features")
