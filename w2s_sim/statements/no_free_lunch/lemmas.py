"""The steps of the proof of no-free-lunch, each as a statement."""

from collections.abc import Sequence

import jax.numpy as jnp
from jaxtyping import Array, Float, Key

from w2s_sim.engine.measured import FromWeakData, nonnegative
from w2s_sim.estimators import InContext, Ridge
from w2s_sim.laws.features import Gaussian
from w2s_sim.statements.contract.case import Assumption, Case
from w2s_sim.statements.contract.functionals import MAXIMUM
from w2s_sim.statements.contract.statement import Preset, Statement
from w2s_sim.statements.no_free_lunch.mirrored_target import mirrored_world, weak_error
from w2s_sim.statements.shared.finite_variance import FINITE_VARIANCE
from w2s_sim.statements.shared.point_mass import POINT_MASS
from w2s_sim.statements.shared.quantities import label_scale
from w2s_sim.tasks.regression_task import canonical_task
from w2s_sim.tasks.task import WeakData

PAGE = "theory/no-free-lunch.md"


def errors_in_both_worlds(key: Key[Array, ""], data: WeakData, case: Case) -> Float[Array, "2"]:
    """Return ||b - beta_Q||^2 of one student in world + and world -, in squared label units."""
    student = case.estimator.fit(case.task.source, data, key=key).coefficients
    targets = jnp.stack([case.task.target_vector, mirrored_world(case.task).target_vector])
    return jnp.sum((student - targets) ** 2, axis=1)


def _parallelogram_gap(key: Key[Array, ""], data: WeakData, case: Case) -> Float[Array, ""]:
    """Return | ||b - beta_+||^2 + ||b - beta_-||^2 - 2 ||b - beta'_Q||^2 - 2 kappa^2 |: always zero."""
    student = case.estimator.fit(case.task.source, data, key=key).coefficients
    from_weak = student - case.task.weak_vector
    errors = errors_in_both_worlds(key, data, case)
    return jnp.abs(errors.sum() - 2.0 * (from_weak @ from_weak) - 2.0 * weak_error(case.task))


def _mean_error(key: Key[Array, ""], data: WeakData, case: Case) -> Float[Array, ""]:
    return errors_in_both_worlds(key, data, case).mean()


def _midpoint_gap(case: Case) -> Float[Array, ""]:
    """Return the distance of beta'_Q from the targets' midpoint, plus that between the weak vectors."""
    task, mirror = case.task, mirrored_world(case.task)
    middle = 0.5 * (task.target_vector + mirror.target_vector)
    return jnp.linalg.norm(middle - task.weak_vector) + jnp.linalg.norm(
        task.supervisor.vectors - mirror.supervisor.vectors
    )


def _least_squares_risk(case: Case) -> Float[Array, ""]:
    """Return kappa^2 + sigma'^2 d / (n - d - 1), the risk in either world."""
    task = case.task
    spare = case.estimator.sample_size - task.dim - 1
    return weak_error(task) + task.supervisor.noise**2 * task.dim / spare


def _labeller_cases(preset: Preset) -> Sequence[Case]:
    return [Case("labeller, n=16", canonical_task(), InContext(16))]


def _least_squares_cases(preset: Preset) -> Sequence[Case]:
    sizes = (60,) if preset == "quick" else (30, 60, 240)
    return [Case(f"least squares, n={n}", canonical_task(), Ridge(0.0, num_weak=n)) for n in sizes]


NO_FREE_LUNCH_LEMMAS = (
    Statement(
        id="one-weak-law",
        kind="equality",
        label_power=1,
        title="The weak mean lies midway, and the weak law is one (gap)",
        cases=_labeller_cases,
        exact=_midpoint_gap,
        bound=lambda case: 0.0,
        margin=lambda case: 1e-9 * label_scale(case.task),
        page=PAGE,
    ),
    Statement(
        id="parallelogram",
        kind="equality",
        label_power=2,
        title="The two squared errors add up to 2 ||b - beta'_Q||^2 + 2 kappa^2 (gap)",
        cases=_least_squares_cases,
        measure=FromWeakData(_parallelogram_gap),
        bound=lambda case: 0.0,
        margin=lambda case: 1e-4 * label_scale(case.task) ** 2,
        page=PAGE,
    ),
    Statement(
        id="average-of-worlds",
        kind="lower",
        label_power=2,
        title="The average over the worlds is at least kappa^2",
        cases=_labeller_cases,
        measure=FromWeakData(_mean_error),
        bound=lambda case: weak_error(case.task),
        trivial=lambda case: 0.0,
        page=PAGE,
    ),
    Statement(
        id="least-squares-attains-it",
        kind="equality",
        label_power=2,
        title="Least squares comes as near as it likes: kappa^2 + sigma'^2 d/(n-d-1)",
        cases=_least_squares_cases,
        measure=FromWeakData(errors_in_both_worlds, nonnegative),
        functional=MAXIMUM,
        bound=_least_squares_risk,
        margin=lambda case: 0.04 * float(_least_squares_risk(case)),
        assumptions=(
            Assumption("Gaussian features", lambda case: isinstance(case.task.features, Gaussian)),
            POINT_MASS,
            FINITE_VARIANCE,
        ),
        page=PAGE,
    ),
)
