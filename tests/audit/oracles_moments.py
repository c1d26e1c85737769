"""Moments of the posterior odds and Chernoff terms, in float64, the exponent searched in log scale."""

import math
from collections.abc import Callable

import numpy as np
from scipy import optimize

from tests.audit.oracles_regression import Regression, Vector, log_sum_exp, unit_log_density

LogMoment = Callable[[float], float]


def gaussian_log_moment(task: Regression, competitor: int, reference: int) -> LogMoment:
    """s -> log E[(p_k / p_ref)^s] of an ungrouped weak demonstration: Gaussian features, normal noise.

    With zeta = (beta_k - beta_ref).x and e = y' - beta_ref.x the pair is Gaussian, and the exponent
    (s / sigma^2)(e zeta - zeta^2 / 2) a quadratic form of it.
    """
    gap = task.concepts[competitor] - task.concepts[reference]
    shown = np.flatnonzero(task.target > 0)
    loads = []
    for j in shown:
        shift = task.weak[j] - task.concepts[reference]
        cross = float(shift @ task.covariance @ gap)
        spread = task.weak_noise**2 + float(shift @ task.covariance @ shift)
        loads.append((float(gap @ task.covariance @ gap), cross, spread))
    log_weights = np.log(task.target[shown])

    def log_moment(exponent: float) -> float:
        rate = exponent / task.noise**2
        parts = []
        for length, cross, spread in loads:
            # det(I - rate H V), V the covariance of (zeta, e) and H = [[-1, 1], [1, 0]].
            determinant = 1.0 + rate * (length - 2.0 * cross) - rate**2 * (length * spread - cross**2)
            parts.append(-0.5 * math.log(determinant) if determinant > 0 else math.inf)
        return float(log_sum_exp(log_weights + np.array(parts)))

    return log_moment


def sampled_log_moment(
    task: Regression, competitor: int, reference: int, points: Vector, weights: Vector
) -> LogMoment:
    """The same for a rule of quadrature over x, and any laws of the noise."""
    gap = points @ (task.concepts[competitor] - task.concepts[reference])
    shown = np.flatnonzero(task.target > 0)
    if task.law[0] == task.weak_law[0] == "normal":
        biases = [points @ (task.weak[j] - task.concepts[reference]) for j in shown]

        def with_normal_noise(exponent: float) -> float:
            rate = exponent / task.noise**2
            spread = 0.5 * (rate * task.weak_noise * gap) ** 2
            parts = [rate * (bias * gap - gap**2 / 2.0) + spread + np.log(weights) for bias in biases]
            return float(log_sum_exp(np.log(task.target[shown]) + log_sum_exp(parts)))

        return with_normal_noise
    noise, noise_weights = _noise_rule(task)
    rows = []
    for j in shown:
        error = (points @ (task.weak[j] - task.concepts[reference]))[:, None] + task.weak_noise * noise
        ratio = unit_log_density(task.law, (error - gap[:, None]) / task.noise)
        rows.append(ratio - unit_log_density(task.law, error / task.noise))
    log_rule = np.log(weights)[:, None] + np.log(noise_weights)

    def log_moment(exponent: float) -> float:
        parts = [log_sum_exp((log_rule + exponent * row).ravel()) for row in rows]
        return float(log_sum_exp(np.log(task.target[shown]) + np.array(parts)))

    return log_moment


def _noise_rule(task: Regression) -> tuple[Vector, Vector]:
    """A fine rule for the weak model's noise: trapezoids in sinh scale."""
    level = np.linspace(-9.0, 9.0, 601)
    noise, jacobian = np.sinh(level), np.cosh(level)
    density = np.exp(unit_log_density(task.weak_law, noise)) * jacobian
    keep = density > 0
    return noise[keep], density[keep] / density[keep].sum()


def feature_rule(task: Regression) -> tuple[Vector, Vector] | None:
    """Points and weights that stand for the law of x; None for Gaussian features, which need none."""
    if task.base == "gaussian" and task.law[0] == task.weak_law[0] == "normal":
        return None
    if task.base == "rademacher":
        axis, weights = np.array([-1.0, 1.0]), np.full(2, 0.5)
    elif task.base == "uniform":
        axis, weights = np.polynomial.legendre.leggauss(60)
        axis, weights = math.sqrt(3.0) * axis, weights / 2.0
    else:
        axis, weights = np.polynomial.hermite_e.hermegauss(80)
        weights = weights / weights.sum()
    grid = np.stack(np.meshgrid(*[axis] * task.dim, indexing="ij"), axis=-1).reshape(-1, task.dim)
    product = np.ones(1)
    for _ in range(task.dim):
        product = np.multiply.outer(product, weights).ravel()
    keep = product > 1e-18
    return grid[keep] @ task.factor.T, product[keep]


def log_moment_of(task: Regression, competitor: int, reference: int) -> LogMoment:
    """log E[(p_k / p_ref)^s] of a weak demonstration, whatever the laws."""
    rule = feature_rule(task)
    if rule is None:
        return gaussian_log_moment(task, competitor, reference)
    return sampled_log_moment(task, competitor, reference, *rule)


def minimum(function: LogMoment) -> tuple[float, float]:
    """Minimiser and minimum over [0, 1] of a convex function that is 0 at 0 at least, searched in log s."""
    grid = np.concatenate([[0.0], np.logspace(-14, 0, 113)])
    values = np.array([function(float(s)) for s in grid])
    best = int(np.argmin(values))
    low, high = grid[max(best - 1, 0)], grid[min(best + 1, len(grid) - 1)]
    found = optimize.minimize_scalar(
        lambda u: function(math.exp(u)),
        bounds=(math.log(max(low, 1e-15)), math.log(high)),
        method="bounded",
        options={"xatol": 1e-12},
    )
    if found.fun < values[best]:
        return math.exp(found.x), float(found.fun)
    return float(grid[best]), float(values[best])


def chernoff_terms(
    log_moments: Callable[[int], LogMoment], prior: Vector, reference: int, size: int
) -> tuple[Vector, Vector]:
    """min_s of rho_k^s m_k(s)^n against a reference concept, and s_k; 0 for it and for the excluded,
    infinite where the reference is excluded itself."""
    terms, exponents = np.zeros(len(prior)), np.zeros(len(prior))
    if prior[reference] == 0:
        return np.where(prior > 0, np.inf, 0.0), exponents
    for k in np.flatnonzero(prior > 0):
        if k == reference:
            continue
        log_odds = math.log(prior[k]) - math.log(prior[reference])
        log_moment = log_moments(int(k))
        exponents[k], log_term = minimum(lambda s, m=log_moment, o=log_odds: s * o + size * m(s))
        terms[k] = math.exp(min(log_term, 700.0))
    return terms, exponents


def regression_terms(task: Regression, size: int, reference: int | None = None) -> Vector:
    """Chernoff terms of regression concepts, against k* unless another is named."""
    reference = task.star if reference is None else reference
    return chernoff_terms(lambda k: log_moment_of(task, k, reference), task.source, reference, size)[0]
