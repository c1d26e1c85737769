"""Check whether n draws are enough for the limit in naive-risk-curve (theory/naive-risk-curve.md)."""

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from w2s_sim.statements.contract.case import Case
from w2s_sim.statements.naive_risk_curve.marchenko_pastur import (
    ResolventExcess,
    RidgeTraces,
    discriminant_root,
    resolvent_excess,
    trace_excess,
)
from w2s_sim.statements.shared.finetuned_students import ratio_of, ridge_of
from w2s_sim.tasks.regression_task import TransferTask


@jax.jit
def pull(task: TransferTask) -> tuple[Float[Array, ""], Float[Array, ""], Float[Array, ""]]:
    """Return ||a_0||^2, D_1.a_0 and ||D_1||^2 for a_0 = beta_P - beta_Q and D_1 = beta'_Q - beta_P."""
    source_error = task.source_vector - task.target_vector
    step = task.weak_vector - task.source_vector
    return source_error @ source_error, step @ source_error, step @ step


def _excess(task: TransferTask, traces: RidgeTraces) -> float:
    """Return the change of the risk due to excesses of the three traces, as a sum of absolute values."""
    _, cross, step = (float(number) for number in pull(task))
    weights = (2.0 * abs(cross), step, float(task.supervisor.noise) ** 2)
    # A trace of weight zero is skipped, because its excess may be infinite.
    return sum(weight * abs(float(trace)) for weight, trace in zip(weights, traces, strict=True) if weight)


def is_resolved(case: Case) -> bool:
    """Return whether the finite-size correction fits in the margin: first and higher orders, lost dimensions.

    It does not fit near gamma = 1 and eta = 0, where the curve has a pole and n must be larger, nor if a few
    draws of a discrete law often fail to span as many dimensions as they could.
    """
    law, size = case.task.features, case.estimator.sample_size
    ratio, ridge = ratio_of(case), ridge_of(case)
    kurtosis = law.excess_kurtosis or 0.0
    whole = resolvent_excess(ratio, ridge, kurtosis)
    gaussian = resolvent_excess(ratio, ridge)
    unsigned = ResolventExcess(
        *(abs(part) + abs(total - part) for part, total in zip(gaussian, whole, strict=True))
    )
    first = _excess(case.task, trace_excess(ratio, ridge, whole))
    orders = size * float(discriminant_root(ratio, ridge)) - 1.0
    growth = (1.0 + max(kurtosis, 0.0)) ** 2 / orders if orders > 0 else np.inf
    spread = trace_excess(ratio, ridge, unsigned)
    higher = _excess(case.task, RidgeTraces(*(growth * trace for trace in spread)))
    dim = case.task.dim
    # Approximately n times the probability that the draws lose one of the d dimensions.
    lost = size**2 * (law.largest_atom or 0.0) ** max(size, dim)
    singular = _excess(case.task, RidgeTraces(*map(jnp.asarray, (lost, lost, 0.0))))
    _, _, step = pull(case.task)
    return first + higher + singular <= float(step + case.task.supervisor.noise**2)
