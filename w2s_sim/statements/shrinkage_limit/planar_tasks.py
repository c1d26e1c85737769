"""Tasks in the plane: teachers that are projections of the target, and tasks that break an assumption."""

import numpy as np

from w2s_sim.laws.features import Anisotropic, Gaussian, Rademacher
from w2s_sim.statements.shared.regression_examples import target_and_source
from w2s_sim.tasks.regression_task import TransferTask


def projected_teacher(
    loss: float, *, spread: float, length: float = 1.0, weak_noise: float = 0.0, turn: float = 0.0
) -> TransferTask:
    """Return a task in the plane whose weak model is a projection of the target, and whose source is zero.

    The features have variance 1 along the nearest point of the ball, and variance `spread` across it. A
    filter that keeps the first direction and drops the second attains the limit, for many inputs.

    Args:
        loss: L_T / a^2 in (0, 1), the weak model's share of the risk of the source.
        spread: Variance across, > 0, in squared feature units.
        length: a, the length of the target in Sigma's norm, in label units.
        weak_noise: sigma', in label units.
        turn: Angle by which the axes of the features are turned away from the nearest point, in radians.
    """
    target = np.array([1.0, 0.0])
    weak = (1.0 - loss) ** 0.5 * np.array([(1.0 - loss) ** 0.5, loss**0.5])
    out = target - 0.5 * weak
    nearest = 0.5 * weak + 0.5 * np.linalg.norm(weak) * out / np.linalg.norm(out)
    angle = np.arctan2(nearest[1], nearest[0]) + turn
    axes = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    root = axes @ np.diag([1.0, spread**0.5]) @ axes.T
    # The vectors so far are for standardised features.
    concepts = length * np.linalg.solve(root, np.stack([target, 0.0 * target], axis=1)).T
    shown = length * np.linalg.solve(root, np.stack([weak, 0.0 * weak], axis=1)).T
    return target_and_source(concepts, shown, features=Anisotropic(Gaussian(2), root), weak_noise=weak_noise)


def uneven_signs() -> TransferTask:
    """Return a task whose inputs are one of two vectors and their negatives, which are not orthogonal.

    One pair shows either vector, and least squares then is a projection on it: half of the students are the
    target. Neither the source nor the weak model knows the coordinate that has almost all of the variance.
    """
    long, short = np.array([2.0, 0.0]), np.array([0.02, 0.02])
    factor = np.stack([long + short, long - short], axis=1) / 2.0
    concepts = np.array([[1.0, 1.0], [0.0, 0.0]])
    weak = np.array([[0.0, 2.0], [0.0, 0.0]])
    return target_and_source(concepts, weak, features=Anisotropic(Rademacher(2), factor))


def long_step() -> TransferTask:
    """Return a task where one step of gradient descent of length 1 has the gains 2 and 0.02, nearly.

    The gain of 2 doubles the first coordinate of the weak model, which makes it that of the target.
    """
    features = Anisotropic(Rademacher(2), np.diag([2.0**0.5, 0.02**0.5]))
    concepts = np.array([[1.0, 0.0], [0.0, 0.0]])
    weak = np.array([[0.5, 1.0], [0.0, 0.0]])
    return target_and_source(concepts, weak, features=features)
