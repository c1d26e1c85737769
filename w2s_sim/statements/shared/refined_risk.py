"""The risk of a student fitted to refined labels, conditional on the contexts: queries and fit averaged out.

The sampled quantity is then a function of the posteriors only, with a known range. Proofs:
theory/refinement-risk.md.
"""

import jax.numpy as jnp
from jaxtyping import Array, Float, Key

from w2s_sim.engine.measured import FromWeakData, Support
from w2s_sim.estimators import LeastSquares, Refinement
from w2s_sim.estimators.refinement import BATCHES
from w2s_sim.laws.features import Gaussian
from w2s_sim.statements.contract.case import Case
from w2s_sim.statements.shared.refined_students import context_posteriors
from w2s_sim.statements.shared.refinement_terms import label_noise, spread_share
from w2s_sim.statements.shared.student_error import student_error, student_error_range
from w2s_sim.tasks.task import WeakData


def has_known_fit(case: Case) -> bool:
    """Return whether the mean over queries and fit has a closed form: least squares on normal queries."""
    estimator = case.estimator
    return (
        isinstance(estimator, Refinement)
        and isinstance(estimator.student, LeastSquares)
        and estimator.num_queries > case.task.dim + 1
        and estimator.context not in BATCHES
        and isinstance(case.task.features, Gaussian)
    )


def refined_risk(key: Key[Array, ""], data: WeakData, case: Case) -> Float[Array, ""]:
    """Return a replicate of the student's risk: its mean given the contexts if known, else the risk itself.

    With e the error of a context's mean vector, S = sum_k pi(k) ||beta_k - beta_Q||^2, and tau the share of
    the labels' spread that the fit keeps (`spread_share`), the mean is |e|^2 + tau (S - |e|^2) + label noise
    for a shared context. If every query has its own context, |e|^2 is replaced by the mean of e_i.e_j over
    pairs of contexts. If the labels are posterior means, there is no noise, and S is replaced by the mean of
    |e|^2.
    """
    task, estimator = case.task, case.estimator
    if not has_known_fit(case):
        return student_error(key, data, case)
    assert isinstance(estimator, Refinement)
    weights = context_posteriors(case, data)
    errors = weights @ task.source.vectors - task.target_vector
    squared = jnp.mean(jnp.sum(errors**2, axis=1))
    size, mean = len(weights), jnp.mean(errors, axis=0)
    in_pairs = squared if size == 1 else (size * (mean @ mean) - squared) / (size - 1)
    share = spread_share(task.dim, estimator.num_queries)
    if estimator.labels == "mean":
        return in_pairs + share * (squared - in_pairs)
    spread = jnp.mean(weights @ _squared_distances(case))
    return in_pairs + share * (spread - in_pairs) + label_noise(case)


def refined_risk_range(case: Case) -> Support:
    """Return the range of `refined_risk`; all its mean squares are at most max_k ||beta_k - beta_Q||^2."""
    if not has_known_fit(case):
        return student_error_range(case)
    estimator = case.estimator
    assert isinstance(estimator, Refinement)
    reach = float(jnp.max(_squared_distances(case)))
    noise = 0.0 if estimator.labels == "mean" else float(label_noise(case))
    share = spread_share(case.task.dim, estimator.num_queries)
    if estimator.context == "shared":
        share = 1.0 if estimator.labels == "mean" else share
        return noise, noise + reach * max(1.0, share)
    # The mean over pairs is at most the mean square, and at least -1/(N - 1) times the mean square.
    below = reach / (estimator.num_queries - 1)
    if share <= 1.0:
        return noise - (1.0 - share) * below, noise + reach
    return noise, noise + share * reach + (share - 1.0) * below


def _squared_distances(case: Case) -> Float[Array, " K"]:
    """Return ||beta_k - beta_Q||^2 of every concept."""
    return jnp.sum((case.task.source.vectors - case.task.target_vector) ** 2, axis=1)


REFINED_RISK = FromWeakData(refined_risk, refined_risk_range)
