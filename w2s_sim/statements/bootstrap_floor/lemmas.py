"""The steps of the proof of bootstrap-floor (theory/bootstrap-floor.md), each as a statement."""

from collections.abc import Sequence

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Key

from w2s_sim.engine.measured import FromWeakData
from w2s_sim.estimators import Bootstrapping
from w2s_sim.laws.features import Anisotropic, Gaussian
from w2s_sim.statements.bootstrap_floor.chain import bootstrap_floor, chain, vertices
from w2s_sim.statements.contract.case import Assumption, Case, Control
from w2s_sim.statements.contract.statement import Preset, Statement
from w2s_sim.statements.shared.finetuned_students import ISOTROPIC
from w2s_sim.statements.shared.quantities import label_scale
from w2s_sim.tasks.regression_task import TransferTask, canonical_task
from w2s_sim.tasks.task import WeakData

PAGE = "theory/bootstrap-floor.md"
CHAIN = Assumption("a chain of ridge students", lambda case: isinstance(case.estimator, Bootstrapping))


def _lemma_cases(preset: Preset) -> Sequence[Case]:
    task = canonical_task()
    fresh = chain(task, -0.2, ridges=[1.6, 0.3])
    shared = chain(task, -0.2, ridges=[1.6, 0.3], inputs="shared")
    return [Case("canonical, fresh inputs", task, fresh), Case("canonical, shared inputs", task, shared)]


def _gain_matrices(data: WeakData, estimator: Bootstrapping) -> Float[Array, "m d d"]:
    """Return M_i = S_i (S_i + eta_i I)^{-1} of every model of the chain, for eta_i > 0."""
    gains = []
    for model in range(estimator.num_models):
        inputs = estimator.inputs_of(data, model).inputs
        moment = inputs.T @ inputs / estimator.num_weak
        gains.append(jnp.linalg.solve(moment + estimator.ridges[model] * jnp.eye(len(moment)), moment))
    return jnp.stack(gains)


def _chain_weights(gains: Float[Array, "m d d"]) -> list[Float[Array, "d d"]]:
    """Return A_0..A_m, with A_i = M_m ... M_{i+1} (I - M_i) and M_0 = 0: they sum to I."""
    identity = jnp.eye(gains.shape[1])
    weights, passed_on = [], identity
    for gain in gains[::-1]:
        weights.append(passed_on @ (identity - gain))
        passed_on = passed_on @ gain
    return [passed_on, *weights[::-1]]


def _distance_from_expansion(key: Key[Array, ""], data: WeakData, case: Case) -> Float[Array, ""]:
    """Return ||b_m - (sum_i A_i beta^i + M_m ... M_2 (S_1 + eta_1 I)^{-1} X_1^T e / n)||."""
    task, estimator = case.task, case.estimator
    assert isinstance(estimator, Bootstrapping)
    gains = _gain_matrices(data, estimator)
    mean = sum(weight @ vertex for weight, vertex in zip(_chain_weights(gains), vertices(case), strict=True))
    first = estimator.inputs_of(data, 0)
    noise = first.inputs.T @ (first.labels - first.inputs @ task.weak_vector) / estimator.num_weak
    moment = first.inputs.T @ first.inputs / estimator.num_weak
    left = jnp.linalg.solve(moment + estimator.ridges[0] * jnp.eye(task.dim), noise)
    for gain in gains[1:]:
        left = gain @ left
    student = estimator.fit(task.source, data, key=key)
    return jnp.linalg.norm(student.coefficients - mean - left)


def _frame(task: TransferTask) -> tuple[Float[Array, " d"], Float[Array, " d"]]:
    """Return orthonormal u, v at 45 degrees to beta_P - beta_Q and to the bias, which is orthogonal to it."""
    gap = task.source_vector - task.target_vector
    bias = task.weak_vector - task.target_vector
    gap, bias = gap / jnp.linalg.norm(gap), bias / jnp.linalg.norm(bias)
    return (gap + bias) / 2.0**0.5, (gap - bias) / 2.0**0.5


def _middle_weight(key: Key[Array, ""], data: WeakData, case: Case) -> Float[Array, ""]:
    """Return u^T A_1 v for orthonormal u, v: zero on average if E[A_1] is a multiple of I."""
    assert isinstance(case.estimator, Bootstrapping)
    first, second = _frame(case.task)
    return first @ _chain_weights(_gain_matrices(data, case.estimator))[1] @ second


def _weight_controls(preset: Preset) -> Sequence[Control]:
    task = canonical_task()
    first, second = (np.asarray(vector, dtype=np.float64) for vector in _frame(task))
    gap = (first + second) / 2.0**0.5
    features = Anisotropic(Gaussian(task.dim), np.eye(task.dim) + np.outer(gap, gap))
    tilted = TransferTask(features, task.source, task.target_prior, task.supervisor)
    case = Case("anisotropic features", tilted, chain(task, -0.2, ridges=[1.0, 0.05]))
    return [Control(case, breaks=ISOTROPIC.name)]


def _mean_chain(key: Key[Array, ""], case: Case) -> Float[Array, ""]:
    """Return (b_m - beta_Q)^T (b_m' - beta_Q) of independent chains: unbiased for ||E b_m - beta_Q||^2."""
    students = jax.vmap(lambda k: case.fit(key=k).coefficients)(jax.random.split(key))
    first, second = students - case.task.target_vector
    return first @ second


def _nearest_on_grid(case: Case) -> Float[Array, ""]:
    """Return the squared distance by brute force: the minimum over a grid of mixtures of three vertices."""
    corners = vertices(case) - case.task.target_vector
    shares = jnp.linspace(0.0, 1.0, 1001)
    own, middle = jnp.meshgrid(shares, shares)
    weights = jnp.stack([1.0 - own - middle, middle, own], axis=-1)
    squares = jnp.sum((weights @ (corners @ corners.T)) * weights, axis=-1)
    return jnp.min(jnp.where(weights[..., 0] >= 0.0, squares, jnp.inf))


def _distance_cases(preset: Preset) -> Sequence[Case]:
    task = canonical_task()
    return [
        Case(f"canonical, middle model at share {share:g}", task, chain(task, share, ridges=[1.0, 0.3]))
        for share in (-0.2, 0.4)
    ]


BOOTSTRAP_FLOOR_LEMMAS = (
    Statement(
        id="chain-expansion",
        kind="equality",
        label_power=1,
        title="The last student is a weighted sum of the weak model, the sources and the noise",
        cases=_lemma_cases,
        measure=FromWeakData(_distance_from_expansion),
        bound=lambda case: 0.0,
        margin=lambda case: (
            2e4 * float(jnp.finfo(case.task.source_vector.dtype).eps) * label_scale(case.task)
        ),
        page=PAGE,
    ),
    Statement(
        id="chain-weights-are-scalar",
        kind="equality",
        title="E[A_1] is a multiple of the identity",
        cases=_lemma_cases,
        measure=FromWeakData(_middle_weight),
        bound=lambda case: 0.0,
        margin=lambda case: 0.02,
        support=lambda case: (-1.0, 1.0),
        assumptions=(ISOTROPIC,),
        controls=_weight_controls,
        page=PAGE,
    ),
    Statement(
        id="mean-chain",
        kind="lower",
        label_power=2,
        title="The mean student alone is above the floor (Jensen)",
        cases=_lemma_cases,
        measure=_mean_chain,
        bound=bootstrap_floor,
        trivial=lambda case: 0.0,
        assumptions=(ISOTROPIC,),
        page=PAGE,
    ),
    Statement(
        id="distance-from-hull",
        kind="equality",
        label_power=2,
        title="The distance from the hull, against a grid of mixtures",
        cases=_distance_cases,
        exact=_nearest_on_grid,
        bound=bootstrap_floor,
        margin=lambda case: 1e-5 * label_scale(case.task) ** 2,
        page=PAGE,
    ),
)
