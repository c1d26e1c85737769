"""The Marchenko-Pastur curve of ridge to the source, in 60 digits."""

from typing import Any

import mpmath

from tests.audit.oracles_regression import Regression

TINY = mpmath.mpf(10) ** -40


def risk_curve(task: Regression, size: int, ridge: float) -> float:
    """||a_0||^2 + 2 w D_1.a_0 + w_2 ||D_1||^2 + sigma'^2 v, from the transform m and its derivative."""
    with mpmath.workdps(100):
        ratio = mpmath.mpf(task.dim) / size
        eta = mpmath.mpf(ridge) + TINY

        def transform(z: Any) -> Any:
            linear = 1 - ratio + z
            return (mpmath.sqrt(linear**2 + 4 * ratio * z) - linear) / (2 * ratio * z)

        value = transform(eta)
        step = eta * mpmath.mpf(10) ** -25
        slope = -(transform(eta + step) - transform(eta - step)) / (2 * step)
        mean_gain = 1 - eta * value
        squared_gain = 1 - 2 * eta * value + eta**2 * slope
        noise_gain = ratio * (value - eta * slope)
        start, way = task.source_mean - task.target_mean, task.weak_mean - task.source_mean
        cross, length = mpmath.mpf(float(way @ start)), mpmath.mpf(float(way @ way))
        total = float(start @ start) + 2 * mean_gain * cross + squared_gain * length
        return float(total + task.weak_noise**2 * noise_gain)
