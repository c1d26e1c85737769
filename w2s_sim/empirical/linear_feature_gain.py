"""linear-feature-gain: how the loss of a student of linear features falls with its teacher's."""

import dataclasses

import numpy as np
from jaxtyping import Float

from w2s_sim.empirical.student_flow import TaughtFunction, taught_by_projection
from w2s_sim.empirical.teacher_sweep import TeacherSweep, feature_gain


@dataclasses.dataclass(frozen=True)
class LinearTeachers(TeacherSweep):
    """Features w.x of standard normal inputs, and the target f*(x) = x_1, the coordinate with large weights.

    Attributes:
        dim: Dimension D of the inputs.
        tail: Sum of the variances of the other D - 1 coordinates of w; the variance of the first is 1.
    """

    dim: int = 4096
    tail: float = 16.0

    @property
    def target_eigenvalue(self) -> float:
        return 1.0

    def teach_wide(self, num_features: int, generator: np.random.Generator) -> TaughtFunction:
        weights = self._draw_weights(num_features, generator)
        teacher = np.linalg.solve(weights @ weights.T, weights[:, 0]) @ weights
        eigenvalues = np.array([self.target_eigenvalue, self._small_variance])
        energies = np.array([teacher[0] ** 2, teacher[1:] @ teacher[1:]])
        return TaughtFunction(eigenvalues, energies, np.array([teacher[0], 0.0]), float(1.0 - teacher[0]))

    def teach_own(self, num_features: int, generator: np.random.Generator) -> TaughtFunction:
        weights = self._draw_weights(num_features, generator)
        gram, target = weights @ weights.T, weights[:, 0]
        return taught_by_projection(gram, gram, gram, target, target)

    @property
    def _small_variance(self) -> float:
        return self.tail / (self.dim - 1)

    def _draw_weights(self, num_features: int, generator: np.random.Generator) -> Float[np.ndarray, "m d"]:
        weights = generator.standard_normal((num_features, self.dim))
        weights[:, 1:] *= np.sqrt(self._small_variance)
        return weights


TEACHERS = LinearTeachers((16, 32, 64, 128, 256), num_runs=10)
FEW_TEACHERS = LinearTeachers((16, 32, 64), num_runs=4, dim=1024)

LINEAR_FEATURE_GAIN = feature_gain(
    "linear-feature-gain",
    "The loss of a wide student of random linear features that stops early falls like the square of "
    "its teacher's loss: the exponent is 2, within 0.1.",
    1.9,
    2.1,
    TEACHERS,
    FEW_TEACHERS,
)
