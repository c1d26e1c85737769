"""The risk of an interpolating student whose labels come from a surrogate vector; the best surrogate."""

from collections.abc import Mapping
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Key

from w2s_sim.estimators import LeastSquares, Ridge
from w2s_sim.statements.contract.case import Case
from w2s_sim.statements.optimal_surrogate.interpolation import expanded, level, limit
from w2s_sim.statements.shared.finetuned_students import ridge_of
from w2s_sim.tasks.regression_task import TransferTask
from w2s_sim.tasks.task import WeakData

# Smallest n - Omega for which the second order of 1/n is taken to be less than the first.
LEAST_ROOM = 8.0
ROUNDINGS = 200.0


def student_of(key: Key[Array, ""], data: WeakData, case: Case) -> Float[Array, " d"]:
    """Return the ridge student from an n x n system: for fewer pairs than features, faster than its fit.

    Other students, and ridge with more pairs than features, are fitted by the estimator.
    """
    source = case.task.source_vector
    size = data.inputs.shape[0]
    if not isinstance(case.estimator, Ridge | LeastSquares) or size >= case.task.dim:
        return case.estimator.fit(case.task.source, data, key=key).coefficients
    gram = data.inputs @ data.inputs.T + size * ridge_of(case) * jnp.eye(size, dtype=data.inputs.dtype)
    factor = jnp.linalg.cholesky(gram)
    residuals = data.labels - data.inputs @ source
    return source + data.inputs.T @ jax.scipy.linalg.cho_solve((factor, True), residuals)


def measured_risk(key: Key[Array, ""], data: WeakData, case: Case) -> Float[Array, ""]:
    """Return the excess risk of the student, in squared label units."""
    error = student_of(key, data, case) - case.task.target_vector
    return error @ case.task.features.covariance @ error


def is_least_squares(case: Case) -> bool:
    """Return whether the student has no penalty."""
    return isinstance(case.estimator, LeastSquares) or (
        isinstance(case.estimator, Ridge) and float(case.estimator.ridge) == 0.0
    )


@partial(jax.jit, static_argnums=1)
def limit_terms(task: TransferTask, size: int) -> Mapping[str, Float[Array, ""]]:
    """Return the summands of the limit of the risk, in squared label units.

    Args:
        task: The task; its weak vector is the surrogate.
        size: Number of weak pairs n, smaller than the rank of Sigma.
    """
    covariance = task.features.covariance
    wanted, shown = task.target_vector - task.source_vector, task.weak_vector - task.source_vector
    kept, omega = _filter(covariance, size)
    left = shown - kept @ shown
    error = wanted - kept @ shown
    return {
        "error of the shrunken surrogate": error @ covariance @ error,
        "scatter of the lost part": omega * left @ covariance @ left,
        "label noise": omega * task.supervisor.noise**2,
    }


def _filter(covariance: Float[Array, "d d"], size: int) -> tuple[Float[Array, "d d"], Float[Array, ""]]:
    """Return Sigma (Sigma + tau I)^{-1}, the matrix of the shares 1 - zeta_i, and Omega / (n - Omega)."""
    tau = level(jnp.maximum(jnp.linalg.eigvalsh(covariance), 0.0), size)
    eye = jnp.eye(len(covariance), dtype=covariance.dtype)
    kept = jnp.linalg.solve(covariance + tau * eye, covariance)
    return kept, jnp.trace(kept @ kept) / jnp.trace(kept @ (eye - kept))


@partial(jax.jit, static_argnums=1)
def best_surrogate(task: TransferTask, size: int) -> Float[Array, " d"]:
    """Return the best weak vector, beta_P + (G^2 + omega (I - G)^2)^{-1} G (beta_Q - beta_P)."""
    kept, omega = _filter(task.features.covariance, size)
    left = jnp.eye(task.dim) - kept
    wanted = task.target_vector - task.source_vector
    return task.source_vector + jnp.linalg.solve(kept @ kept + omega * left @ left, kept @ wanted)


def limit_risk(task: TransferTask, size: int) -> Float[Array, ""]:
    """Return the limit of the risk, in squared label units."""
    return sum(limit_terms(task, size).values(), start=jnp.zeros(()))


@partial(jax.jit, static_argnums=1)
def allowance(task: TransferTask, size: int) -> Float[Array, ""]:
    """Return twice the first order of 1/n in the risk, without signs, plus a share 1/(2 (n - Omega)^2).

    The share is of the squared lengths of target and surrogate and of the variance of the noise.
    """
    spectrum, axes = jnp.linalg.eigh(task.features.covariance)
    spectrum = jnp.maximum(spectrum, jnp.finfo(spectrum.dtype).eps * spectrum[-1])
    wanted = axes.T @ (task.target_vector - task.source_vector)
    shown = axes.T @ (task.weak_vector - task.source_vector)
    whole, first = limit(spectrum, size), expanded(spectrum, size)
    shares, losses = jnp.abs(first.shares - whole.shares), jnp.abs(first.losses - whole.losses)
    noise = task.supervisor.noise**2
    order = jnp.sum(2.0 * spectrum * jnp.abs(wanted * shown) * shares + shown**2 * losses)
    order = order + noise * jnp.abs(first.noise - whole.noise)
    sizes = jnp.sum(spectrum * (wanted**2 + shown**2)) + noise
    room = jnp.sum(whole.shares * (1.0 - whole.shares))
    return 2.0 * order + sizes * (0.5 / room**2 + ROUNDINGS * jnp.finfo(spectrum.dtype).eps)


def is_resolved(case: Case[Any]) -> bool:
    """Return whether there are fewer pairs than features with variance, and n - Omega is large enough."""
    spectrum = np.linalg.eigvalsh(np.asarray(case.task.features.covariance, dtype=np.float64))
    size = case.estimator.sample_size
    if np.sum(spectrum > 1e-6 * spectrum[-1]) <= size:
        return False
    shares = limit(jnp.asarray(np.maximum(spectrum, 0.0)), size).shares
    return float(jnp.sum(shares * (1.0 - shares))) >= LEAST_ROOM
