"""Rare misidentification by importance sampling from mixtures of tilted laws, in log space and plain NumPy.

The mean of f(pi_n) is estimated with contexts from a mixture of the weak law and of its tilts towards every
competitor, whole contexts at a time, and divided by the mixture's density relative to the weak law.
"""

import math
from collections.abc import Sequence

import numpy as np

from tests.audit.oracles_finite import finite_log_moment
from tests.audit.oracles_moments import gaussian_log_moment, minimum
from tests.audit.oracles_regression import Regression, Vector, log_sum_exp, normalised

PLAIN_SHARE = 0.2


def log_mean_and_error(log_values: Vector) -> tuple[float, float]:
    """log of the mean of exp(values), and the relative standard error."""
    top = float(log_values.max())
    if not math.isfinite(top):
        return -math.inf, 0.0
    scaled = np.exp(log_values - top)
    mean = float(scaled.mean())
    return top + math.log(mean), float(scaled.std(ddof=1) / math.sqrt(len(scaled)) / mean)


def log_tail_of_regression(
    task: Regression,
    reference: int,
    losers: Sequence[int],
    size: int,
    rng: np.random.Generator,
    draws: int = 20_000,
) -> tuple[float, float]:
    """log E[posterior mass of the losers] and its relative error; point-mass target, normal noise.

    Args:
        task: Gaussian features.
        reference: The concept against which odds are taken.
        losers: Whose mass it is.
        size: n.
        rng: NumPy's generator.
        draws: Number of contexts.
    """
    dim, shift = task.dim, task.weak[task.star] - task.concepts[reference]
    known = [k for k in losers if task.source[k] > 0]
    tilts = []
    for k in known:
        log_moment = gaussian_log_moment(task, k, reference)
        log_odds = math.log(task.source[k] / task.source[reference])
        exponent, log_term = minimum(lambda s, m=log_moment, o=log_odds: s * o + size * m(s))
        gap = task.factor.T @ (task.concepts[k] - task.concepts[reference])
        # In (z, e): l_k = e_total zeta - zeta^2 / 2 over sigma^2, both linear forms of a standard normal.
        zeta, total = np.append(gap, 0.0), np.append(task.factor.T @ shift, task.weak_noise)
        form = np.outer(total, zeta) + np.outer(zeta, total) - np.outer(zeta, zeta)
        precision = np.eye(dim + 1) - exponent / task.noise**2 * form
        root = np.linalg.cholesky(np.linalg.inv(precision))
        tilts.append((exponent, size * log_moment(exponent), root, log_term))
    weights = np.exp(np.array([t[3] for t in tilts]) - max(t[3] for t in tilts))
    weights = np.append((1.0 - PLAIN_SHARE) * weights / weights.sum(), PLAIN_SHARE)
    roots = np.stack([*(t[2] for t in tilts), np.eye(dim + 1)])
    chosen = rng.choice(len(weights), draws, p=weights)
    normal = np.einsum("sij,snj->sni", roots[chosen], rng.standard_normal((draws, size, dim + 1)))
    inputs, noise = normal[..., :dim] @ task.factor.T, normal[..., dim]
    labels = inputs @ task.weak[task.star] + task.weak_noise * noise
    errors = labels - inputs @ task.concepts[reference]
    log_odds_sums = []
    for concept in task.concepts:
        along = inputs @ (concept - task.concepts[reference])
        log_odds_sums.append(np.sum(along * (errors - along / 2.0), axis=1) / task.noise**2)
    likelihood = np.stack(log_odds_sums, axis=1)
    columns = [t[0] * likelihood[:, k] - t[1] for t, k in zip(tilts, known, strict=True)]
    log_density = log_sum_exp(np.stack([*columns, np.zeros(draws)], axis=1) + np.log(weights))
    with np.errstate(divide="ignore"):
        log_posterior = normalised(np.log(task.source) + likelihood)
    return log_mean_and_error(log_sum_exp(log_posterior[:, known]) - log_density)


def log_tail_of_laws(
    laws: Vector,
    weak: Vector,
    prior: Vector,
    star: int,
    size: int,
    rng: np.random.Generator,
    draws: int = 40_000,
) -> tuple[float, float]:
    """log E[1 - pi_n(k*)] and its relative error for concepts with finitely many outcomes.

    Args:
        laws: p_k(o), shape (K, M).
        weak: q'(o), shape (M,).
        prior: alpha^P.
        star: k*.
        size: n.
        rng: NumPy's generator.
        draws: Number of contexts, each a vector of counts.
    """
    shown = weak > 0
    laws, weak = laws[:, shown], weak[shown] / weak[shown].sum()
    with np.errstate(divide="ignore", invalid="ignore"):
        logs = np.log(laws)
        odds = np.where(laws[star] > 0, logs - logs[star], np.inf)
    tilts = []
    for k in np.flatnonzero(prior > 0).tolist():
        if k == star or not np.isfinite(odds[k]).any():
            continue
        live = np.isfinite(odds[k])
        log_moment = finite_log_moment(laws, weak, k, star)
        log_odds = math.log(prior[k] / prior[star])
        s, log_term = minimum(lambda u, m=log_moment, o=log_odds: u * o + size * m(u))
        s = max(s, 1e-12)
        log_mean = log_moment(s)
        if not math.isfinite(log_mean):
            continue
        tilted = np.where(live, weak * np.exp(np.where(live, s * odds[k], 0.0) - log_mean), 0.0)
        tilts.append((s, k, size * log_mean, tilted / tilted.sum(), log_term))
    log_terms = np.array([t[4] for t in tilts])
    weights = np.exp(log_terms - log_terms.max(initial=-math.inf)) if tilts else np.zeros(0)
    weights = np.append((1.0 - PLAIN_SHARE) * weights / max(weights.sum(), 1.0), PLAIN_SHARE)
    weights = weights / weights.sum()
    rows = np.stack([*(t[3] for t in tilts), weak])
    counts = rng.multinomial(size, rows[rng.choice(len(weights), draws, p=weights)])
    with np.errstate(invalid="ignore"):
        likelihood = np.where(counts[:, None] > 0, counts[:, None] * logs, 0.0).sum(axis=2)
        sums = likelihood - likelihood[:, [star]]
    columns = [s * sums[:, k] - log_m for s, k, log_m, _, _ in tilts]
    log_density = log_sum_exp(np.stack([*columns, np.zeros(draws)], axis=1) + np.log(weights))
    with np.errstate(divide="ignore"):
        log_posterior = normalised(np.log(prior) + likelihood)
    others = np.delete(log_posterior, star, axis=1)
    return log_mean_and_error(log_sum_exp(others) - log_density)


def slope(first: tuple[float, float], second: tuple[float, float], size: int) -> tuple[float, float]:
    """(log E_n - log E_2n - (1/2) log 2) / n and its standard error, from two log means."""
    value = (first[0] - second[0] - 0.5 * math.log(2.0)) / size
    return value, math.hypot(first[1], second[1]) / size


def plain_misidentification(
    task: Regression, size: int, rng: np.random.Generator, draws: int, context: int = 1
) -> Vector:
    """1 - pi_n(k*) of contexts drawn as they are, for any laws."""
    parts = []
    block = max(1, 4_000_000 // (size * max(task.dim, len(task.concepts))))
    for start in range(0, draws, block):
        log_posterior = task.log_posterior(*task.weak_data(rng, min(block, draws - start), size, context))
        parts.append(np.exp(log_sum_exp(np.delete(log_posterior, task.star, axis=1))))
    return np.concatenate(parts)
