"""The terms of the refinement bound, and the sample sizes at which the bound falls below the naive floor."""

import math

import jax.numpy as jnp
from jaxtyping import Array, Float

from w2s_sim.errors import InputError
from w2s_sim.estimators import ContextEstimator, Refinement
from w2s_sim.identification import log_chernoff_terms
from w2s_sim.statements.contract.case import Case
from w2s_sim.statements.shared.quantities import naive_floor, squared_distances
from w2s_sim.tasks.regression_task import TransferTask

LARGEST_CONTEXT = 4096


def num_demonstrations(case: Case) -> int:
    """Return n, the number of demonstrations, of a case with a labeller or a refined student."""
    assert isinstance(case.estimator, ContextEstimator | Refinement)
    return case.estimator.num_demonstrations


def spread_bound(task: TransferTask, num_demonstrations: int) -> Float[Array, ""]:
    """Bound on E sum_k pi_n(k) ||beta_k - beta_*||^2: squared distances times their Chernoff terms.

    The bound is at most D^2 eps_n, with equality if all competitors are equally far.
    """
    distances = squared_distances(task)
    log_terms, _ = log_chernoff_terms(task, jnp.asarray(num_demonstrations, dtype=float))
    # A concept at distance zero contributes nothing, even if its Chernoff term is infinite.
    return jnp.sum(jnp.where(distances > 0, distances * jnp.exp(log_terms), 0.0))


def spread_share(dim: int, num_queries: int) -> float:
    """Return tau, the share of tr(C), the labels' spread, that least squares on N normal queries keeps.

    It is exactly (d + 2)(N - 2) / ((N + 2)(N - d - 1)); infinite for N <= d + 1, where the risk is infinite.
    """
    spare = num_queries - dim - 1
    return (dim + 2) * (num_queries - 2) / ((num_queries + 2) * spare) if spare > 0 else math.inf


def noise_share(dim: int, num_queries: int) -> float:
    """Return d / (N - d - 1), the exact share of the noise sigma^2 in the fit; infinite for N <= d + 1."""
    spare = num_queries - dim - 1
    return dim / spare if spare > 0 else math.inf


def label_noise(case: Case) -> Float[Array, ""]:
    """Return the risk from label noise, sigma^2 d / (N - d - 1), in squared label units."""
    assert isinstance(case.estimator, Refinement)
    return case.task.source.noise**2 * noise_share(case.task.dim, case.estimator.num_queries)


def refinement_terms(case: Case, spread: Float[Array, ""]) -> dict[str, Float[Array, ""]]:
    """Return the summands of spread max(1, tau) + sigma^2 d/(N-d-1), in squared label units.

    Args:
        case: The case; with a labeller instead of a student, `spread` is the only term.
        spread: A bound on E sum_k pi_n(k) ||beta_k - beta_*||^2.
    """
    if not isinstance(case.estimator, Refinement):
        return {"refined labels": spread}
    share = spread_share(case.task.dim, case.estimator.num_queries)
    amplified = spread * (share - 1.0) if share > 1.0 else jnp.zeros(())
    return {"refined labels": spread, "spread of the labels": amplified, "label noise": label_noise(case)}


def dominance_sizes(task: TransferTask) -> tuple[int, int]:
    """Return numbers of demonstrations n and queries N at which the bound is at most the naive floor.

    With these numbers a refined student beats every student of theorem `naive-floor`, whatever the latter's
    sample size and regularisation; more queries only lower the bound. More demonstrations also lower it if
    every minimising s has m_k(s) < 1: the log of a term is concave in n, and once it decreases it keeps
    decreasing.

    Args:
        task: A task with a point-mass target and standard Gaussian features.

    Returns:
        (n, N): the first n whose `spread_bound` is at most half the floor, and the fewest N > d + 1 for it.

    Raises:
        InputError: If there is no such n: the floor is 0, or demonstrations do not identify the concept.
    """
    floor = float(naive_floor(task))
    size = 1
    while size <= LARGEST_CONTEXT and floor > 0:
        labels = float(spread_bound(task, size))
        if labels <= floor / 2.0:
            return size, _fewest_queries(task, labels, floor)
        size += 1
    raise InputError(
        "task",
        f"floor {floor:.6g}",
        f"a floor > 0, and a concept identified by {LARGEST_CONTEXT} demonstrations",
    )


def _fewest_queries(task: TransferTask, labels: float, floor: float) -> int:
    """Return the least N > d + 1 with labels max(1, tau) + sigma^2 d/(N-d-1) <= floor, if labels < floor."""
    noise = float(task.source.noise) ** 2
    queries = task.dim + 2
    while labels * max(1.0, spread_share(task.dim, queries)) + noise * noise_share(task.dim, queries) > floor:
        queries += 1
    return queries
