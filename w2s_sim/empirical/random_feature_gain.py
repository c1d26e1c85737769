"""random-feature-gain: how the loss of a student of ReLU features falls with its teacher's."""

import dataclasses

import numpy as np

from w2s_sim.empirical.relu_units import ReluKernel, draw_weights, unit_gram
from w2s_sim.empirical.student_flow import TaughtFunction, taught_by_projection
from w2s_sim.empirical.teacher_sweep import TeacherSweep, feature_gain


@dataclasses.dataclass(frozen=True)
class ReluTeachers(TeacherSweep):
    """Random ReLU units on normal inputs, and the target f*(x) = x_1.

    Attributes:
        dim: Dimension d of the inputs.
    """

    dim: int = 32

    @property
    def target_eigenvalue(self) -> float:
        return float(ReluKernel(self.dim).eigenvalues[1])

    def teach_wide(self, num_features: int, generator: np.random.Generator) -> TaughtFunction:
        return ReluKernel(self.dim).teach(draw_weights(num_features, self.dim, generator))

    def teach_own(self, num_features: int, generator: np.random.Generator) -> TaughtFunction:
        weights = draw_weights(num_features, self.dim, generator)
        gram, target = unit_gram(weights @ weights.T), weights[:, 0] / 2.0
        return taught_by_projection(gram, gram, gram, target, target)


TEACHERS = ReluTeachers((64, 128, 256, 512), num_runs=10)
FEW_TEACHERS = ReluTeachers((32, 64, 128), num_runs=4, dim=16)

RANDOM_FEATURE_GAIN = feature_gain(
    "random-feature-gain",
    "The loss of a wide student of random ReLU features that stops early falls like a power of its "
    "teacher's loss, with an exponent between 1.49 and 2.",
    1.49,
    2.0,
    TEACHERS,
    FEW_TEACHERS,
)
