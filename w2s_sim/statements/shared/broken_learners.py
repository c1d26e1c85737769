"""Learners, weak models and features that violate an assumption on purpose, for the statements' controls."""

import math
from typing import Any, ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Complex, Float, Int, Key

from w2s_sim.concepts import FiniteModel, LatentConceptModel, RegressionModel
from w2s_sim.estimators import (
    ContextEstimator,
    Estimator,
    HullProjection,
    InformationProjection,
    IntentInference,
    PosteriorEnsemble,
)
from w2s_sim.estimators.intent_inference import named
from w2s_sim.fields import entries
from w2s_sim.laws.features import FeatureLaw, Gaussian
from w2s_sim.metrics import kl_divergence
from w2s_sim.students import LinearPredictor, LinearStudent
from w2s_sim.tasks.capacity_task import CapacityTask
from w2s_sim.tasks.supervisors import RegressionSupervisor
from w2s_sim.tasks.task import WeakData


class RepeatedDemonstration(ContextEstimator):
    """An in-context estimator that reads its first demonstration n times: not independent demonstrations."""

    def log_posterior(self, source: LatentConceptModel, data: WeakData) -> Float[Array, " K"]:
        index = np.zeros(self.num_demonstrations, dtype=int)
        return source.log_posterior(data.inputs[index], data.labels[index])


class NamedFromOne(IntentInference):
    """A learner that names the concept after n looks at its first demonstration."""

    def log_posterior(self, source: LatentConceptModel, data: WeakData) -> Float[Array, " K"]:
        return RepeatedDemonstration(self.num_demonstrations).log_posterior(source, data)

    def prefix_statistic(self, source: LatentConceptModel) -> None:
        """None: the posterior of the demonstrations is not the posterior that the learner computes."""


class ModalEnsemble(PosteriorEnsemble):
    """An ensemble whose members all take the most probable concept: the mode, not draws."""

    def prior_from(self, log_posterior: Float[Array, " K"], *, key: Key[Array, ""]) -> Float[Array, " K"]:
        return named(log_posterior)


class ToldTheWorld(Estimator[RegressionModel, LinearPredictor]):
    """A learner that is given the concepts of its own world; other learners get one source in all worlds.

    Attributes:
        learner: The learner that is given the concepts.
    """

    learner: Estimator[Any, Any]

    @property
    def sample_size(self) -> int:
        return self.learner.sample_size

    @property
    def stays_in_hull(self) -> bool:
        """Whether the learner stays in the hull of the concepts of its own world."""
        return self.learner.stays_in_hull

    def fit(self, source: RegressionModel, data: WeakData, *, key: Key[Array, ""]) -> LinearPredictor:
        return self.learner.fit(source, data, key=key)


class NearestConcept(HullProjection):
    """The concept nearest to the weak student: a projection on the concepts, a set that is not convex."""

    def transferred_prior(
        self, source: LatentConceptModel, data: WeakData, *, key: Key[Array, ""]
    ) -> Float[Array, " K"]:
        assert isinstance(source, RegressionModel)
        weak = self.student.fit(source, data, key=key).coefficients
        return jax.nn.one_hot(nearest_index(source.vectors, weak), source.num_concepts)


def nearest_concept(vectors: Float[Array, "K d"], point: Float[Array, " d"]) -> Float[Array, " d"]:
    """Return the row of `vectors` nearest to a point, in the Euclidean norm."""
    return vectors[nearest_index(vectors, point)]


def nearest_index(vectors: Float[Array, "K d"], point: Float[Array, " d"]) -> Int[Array, ""]:
    """Return the index of the row of `vectors` nearest to a point, in the Euclidean norm."""
    return jnp.argmin(jnp.sum((vectors - point) ** 2, axis=1))


class LeastDivergentConcept(InformationProjection):
    """The one concept whose law has the least divergence from the weak law: from a set that is not convex."""

    def transferred_prior(
        self, source: LatentConceptModel, data: WeakData, *, key: Key[Array, ""]
    ) -> Float[Array, " K"]:
        assert isinstance(source, FiniteModel)
        return least_divergent(jnp.exp(source.log_outcome_probabilities()), self.weak_law(source, data))


def least_divergent(laws: Float[Array, "K M"], weak_law: Float[Array, " M"]) -> Float[Array, " K"]:
    """Return the prior that puts weight 1 on the concept k of least KL(p_k || weak law)."""
    divergences = kl_divergence(laws, jnp.broadcast_to(weak_law, laws.shape))
    return jax.nn.one_hot(jnp.argmin(divergences), len(laws), dtype=laws.dtype)


class UnderstatedNoise(RegressionSupervisor):
    """A weak model whose labels have twice the noise that its field `noise` states."""

    def sample_labels(
        self, inputs: Float[Array, "n d"], concepts: Int[Array, " n"], *, key: Key[Array, ""]
    ) -> Float[Array, " n"]:
        return RegressionSupervisor(self.vectors, 2.0 * self.noise).sample_labels(inputs, concepts, key=key)


class BlockwiseDescent(Estimator[RegressionModel, LinearStudent]):
    """Gradient descent with a separate step size for every coefficient; not a spectral method.

    Attributes:
        step_sizes: Step sizes tau_1..tau_d >= 0, in inverse squared feature units.
        steps: Number of steps t >= 0.
        num_weak: Number of weak pairs n >= 1.
    """

    step_sizes: Float[Array, " d"] = eqx.field(converter=entries("step_sizes"))
    steps: int = eqx.field(static=True, kw_only=True)
    num_weak: int = eqx.field(static=True, kw_only=True)

    @property
    def sample_size(self) -> int:
        return self.num_weak

    def fit(self, source: RegressionModel, data: WeakData, *, key: Key[Array, ""]) -> LinearStudent:
        def step(_: Int[Array, ""], coefficients: Float[Array, " d"]) -> Float[Array, " d"]:
            residual = data.labels - data.inputs @ coefficients
            return coefficients + self.step_sizes * (data.inputs.T @ residual) / self.num_weak

        return LinearStudent(jax.lax.fori_loop(0, self.steps, step, source.prior @ source.vectors))


class TeachersOwnInputs(CapacityTask):
    """A capacity task whose student learns from the inputs of the teacher's own true pairs."""

    def sample_weak(self, num_weak: int, *, context_size: int = 1, key: Key[Array, ""]) -> WeakData:
        input_key, noise_key = jax.random.split(key)
        inputs = self.features.sample(num_weak, key=input_key)
        noise = self.noise * jax.random.normal(noise_key, (num_weak,))
        teacher = self.supervisor.fit(inputs, inputs @ self.target_vector + noise)
        return WeakData(inputs @ self.strong_features, inputs @ teacher)


class RandomLength(FeatureLaw):
    """The law of x = r z, z ~ N(0, I), with random r: isotropic and symmetric, with dependent coordinates.

    r^2 is 0.02 or 1.98, each with probability 1/2.

    Attributes:
        dim: Number of features d >= 1.
    """

    dim: int = eqx.field(static=True)
    isotropic: ClassVar[bool] = True
    sign_permutation_symmetric: ClassVar[bool] = True
    squared_lengths: ClassVar[tuple[float, float]] = (0.02, 1.98)

    @property
    def moment_order(self) -> float:
        """Infinite: all moments exist."""
        return math.inf

    @property
    def covariance(self) -> Float[Array, "d d"]:
        return jnp.eye(self.dim)

    def sample(self, num_inputs: int, *, key: Key[Array, ""]) -> Float[Array, "n d"]:
        length_key, direction_key = jax.random.split(key)
        squares = jax.random.choice(length_key, jnp.array(self.squared_lengths), (num_inputs, 1))
        return jnp.sqrt(squares) * jax.random.normal(direction_key, (num_inputs, self.dim))

    def moment_generating_function(self, argument: Complex[Array, "... d"]) -> Complex[Array, "..."]:
        exponent = 0.5 * jnp.sum(argument**2, axis=-1)
        short, long = self.squared_lengths
        return 0.5 * (jnp.exp(short * exponent) + jnp.exp(long * exponent))

    def quadrature(self, num_nodes: int) -> tuple[Float[Array, "nodes d"], Float[Array, " nodes"]]:
        points, weights = Gaussian(self.dim).quadrature(num_nodes)
        scaled = [square**0.5 * points for square in self.squared_lengths]
        return jnp.concatenate(scaled), 0.5 * jnp.concatenate([weights, weights])
