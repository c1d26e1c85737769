"""Two regression concepts without sampling: moments of the posterior as integrals over a chi-square law."""

import math

import numpy as np
from scipy import integrate, special

from tests.audit.oracles_regression import Regression


def posterior_moments(task: Regression, size: int) -> tuple[float, float]:
    """E pi and E pi^2 of the wrong one of two concepts; Gaussian features, normal noise, point-mass target.

    Given Q = sum zeta_i^2, chi-square of n degrees times delta^2, the log odds are normal, with mean
    log rho + (t - 1/2) Q / sigma^2 and variance sigma_eff^2 Q / sigma^4.
    """
    other = 1 - task.star
    gap = task.concepts[other] - task.concepts[task.star]
    shift = task.weak[task.star] - task.concepts[task.star]
    length = float(gap @ task.covariance @ gap)
    share = float(shift @ task.covariance @ gap) / length
    across = task.weak_noise**2 + float(shift @ task.covariance @ shift) - share**2 * length
    log_prior_odds = math.log(task.source[other] / task.source[task.star])
    # log(chi^2 / 2) has density exp(n u / 2 - e^u) / Gamma(n / 2).
    level = np.linspace(-80.0, math.log(0.5 * size + 60.0 + 12.0 * math.sqrt(size)), 6001)
    density = np.exp(0.5 * size * level - np.exp(level) - special.gammaln(0.5 * size))
    normal = np.linspace(-12.0, 12.0, 2401)
    weights = np.exp(-0.5 * normal**2) / math.sqrt(2.0 * math.pi)
    means = []
    for power in (1, 2):
        inner = np.empty_like(level)
        for i in range(0, len(level), 500):
            total = 2.0 * length * np.exp(level[i : i + 500, None])
            mean = log_prior_odds + (share - 0.5) * total / task.noise**2
            odds = mean + np.sqrt(across * total) / task.noise**2 * normal
            values = np.exp(power * special.log_expit(odds)) * weights
            inner[i : i + 500] = integrate.trapezoid(values, normal, axis=1)
        means.append(float(integrate.trapezoid(inner * density, level)))
    return means[0], means[1]


def design_constants(
    task: Regression, queries: int, rng: np.random.Generator, draws: int
) -> tuple[float, float]:
    """E tr[(X^T X)^{-1} X^T diag((u.x)^2) X (X^T X)^{-1}], u along two concepts; its error."""
    gap = task.concepts[0] - task.concepts[1]
    inputs = task.inputs(rng, draws, queries)
    solved = np.linalg.solve(np.einsum("sni,snj->sij", inputs, inputs), np.swapaxes(inputs, 1, 2))
    along = (inputs @ (gap / np.linalg.norm(gap))) ** 2
    values = np.einsum("sin,sn->s", solved**2, along)
    return float(values.mean()), float(values.std(ddof=1) / math.sqrt(draws))


def ridge_in_one_dimension(task: Regression, size: int, ridge: float) -> float:
    """Risk of ridge to the source at d = 1 under a point-mass target, by the chi-square law of n S."""
    level = np.linspace(-90.0, math.log(0.5 * size + 60.0 + 12.0 * math.sqrt(size)), 200_001)
    density = np.exp(0.5 * size * level - np.exp(level) - special.gammaln(0.5 * size))
    moment = 2.0 * np.exp(level) * float(task.covariance[0, 0]) / size
    gain = moment / (moment + ridge)
    parts = ((1.0 - gain) ** 2, gain**2, gain * (1.0 - gain), gain**2 / (size * moment))
    kept, taken, both, noise = (float(integrate.trapezoid(part * density, level)) for part in parts)
    source, weak = task.source_mean - task.target_mean, task.weak_mean - task.target_mean
    means = kept * float(source @ source) + taken * float(weak @ weak) + 2.0 * both * float(source @ weak)
    return means + task.weak_noise**2 * noise
