"""The steps of the proof of bregman-misfit, and its versions for a target outside and for estimated laws."""

from collections.abc import Sequence

import jax.numpy as jnp
from jaxtyping import Array, Float, Key

from w2s_sim.engine.measured import FromWeakData
from w2s_sim.estimators import InformationProjection
from w2s_sim.estimators.hull_projection import simplex_weights
from w2s_sim.metrics import kl_divergence, total_variation
from w2s_sim.statements.bregman_misfit.projected_law import (
    FiniteCase,
    angle,
    divergences_of,
    gap_of,
    gap_scale_of,
    oscillation,
    student_law,
    target_law,
    variation_outside,
)
from w2s_sim.statements.bregman_misfit.weak_laws import (
    MIXED_TARGET,
    across_the_mixtures,
    erring_weak_model,
    unknown_concept,
)
from w2s_sim.statements.contract.case import Case
from w2s_sim.statements.contract.statement import Preset, Statement
from w2s_sim.statements.shared.finite_examples import table_task
from w2s_sim.statements.shared.finite_outcomes import outcome_laws
from w2s_sim.tasks.finite_task import FiniteTask
from w2s_sim.tasks.task import WeakData

PAGE = "theory/bregman-misfit.md"
# The theorem is about the limit of many weak labels; the lemmas on estimated laws use this many.
NUM_WEAK = 200


def projected(name: str, task: FiniteTask) -> FiniteCase:
    """Return the case in which the weak law of a task is projected."""
    return Case(name, task, InformationProjection(num_weak=NUM_WEAK))


def _cases(preset: Preset) -> Sequence[FiniteCase]:
    cases = [projected("labels shifted", table_task(shift=0.3, target_prior=MIXED_TARGET))]
    cases.append(projected("random weak model 0", erring_weak_model(0)))
    return cases if preset == "quick" else [*cases, projected("random weak model 1", erring_weak_model(1))]


def _inside_cases(preset: Preset) -> Sequence[FiniteCase]:
    sizes = (0.2, 1.0) if preset == "quick" else (0.05, 0.2, 0.5, 1.0, 3.0)
    return [projected(f"weak law {size:g} nats across", across_the_mixtures(size)) for size in sizes]


def _outside_cases(preset: Preset) -> Sequence[FiniteCase]:
    task = unknown_concept()
    leaning = FiniteTask(task.source, task.target_prior, table_task(shift=0.3).supervisor)
    cases = [projected("a concept that the source excludes", task)]
    return cases if preset == "quick" else [*cases, projected("the same, labels shifted", leaning)]


def _three_divergences(case: FiniteCase) -> Float[Array, ""]:
    """Return KL(f*||S) - KL(f*||T) + KL(S||T) + sum_o (f* - S) log(S/T), which is zero for any laws."""
    found = divergences_of(case)
    return found.error - found.weak_error + found.misfit + angle(case)


def gain_bound(case: FiniteCase) -> Float[Array, ""]:
    """Return KL(f*||T) - KL(S||T), in nats."""
    found = divergences_of(case)
    return found.weak_error - found.misfit


def _outside_bound(case: FiniteCase) -> Float[Array, ""]:
    """Return KL(f*||T) - KL(S||T) + osc(log S/T) TV(f*, q), with q the nearest mixture of known concepts."""
    task, laws = case.task, outcome_laws(case.task)
    known = jnp.where(task.source.prior[:, None] > 0, laws, laws[jnp.argmax(task.source.prior)])
    nearest = simplex_weights(known @ known.T, known @ target_law(task))
    inside = jnp.where(task.source.prior > 0, nearest, 0.0)
    inside = inside.at[jnp.argmax(task.source.prior)].add(1.0 - jnp.sum(inside))
    return gain_bound(case) + variation_outside(case, inside)


def _estimated(data: WeakData, case: FiniteCase, key: Key[Array, ""]) -> tuple[Array, Array]:
    """The estimated law of the weak labels, and the student's law."""
    assert isinstance(case.estimator, InformationProjection)
    source = case.task.source
    student = case.estimator.fit(source, data, key=key)
    return case.estimator.weak_law(source, data), student.prior @ outcome_laws(case.task)


def _violation(key: Key[Array, ""], data: WeakData, case: FiniteCase) -> Float[Array, ""]:
    """Return the violation of the inequality for an estimated weak law, in nats: zero on every path."""
    weak, student = _estimated(data, case, key)
    target = target_law(case.task)
    error, weak_error = kl_divergence(target, student), kl_divergence(target, weak)
    return jnp.maximum(error - weak_error + kl_divergence(student, weak), 0.0)


def _instability(key: Key[Array, ""], data: WeakData, case: FiniteCase) -> Float[Array, ""]:
    """Return by how much TV(S^, S) exceeds osc(log T^/T) / 4: zero on every path."""
    weak, student = _estimated(data, case, key)
    moved = oscillation(jnp.log(weak) - jnp.log(case.task.weak_law))
    return jnp.maximum(total_variation(student, student_law(case)) - 0.25 * moved, 0.0)


def _estimated_cases(preset: Preset) -> Sequence[FiniteCase]:
    task = table_task(shift=0.3, target_prior=MIXED_TARGET)
    return [projected("labels shifted, n=200", task)]


BREGMAN_MISFIT_LEMMAS = (
    Statement(
        id="divergence-angle",
        kind="upper",
        title="sum_o (S - p_k) log(S/T) <= 0 for every concept (largest)",
        cases=_cases,
        exact=gap_of,
        bound=lambda case: 0.0,
        scale=gap_scale_of,
        page=PAGE,
    ),
    Statement(
        id="three-divergences",
        kind="equality",
        title="Expansion of KL(f*||T) about the student (gap)",
        cases=_cases,
        exact=_three_divergences,
        bound=lambda case: 0.0,
        margin=lambda case: 0.0,
        page=PAGE,
    ),
    Statement(
        id="equality-inside",
        kind="equality",
        title="With the projection inside the mixtures the gain is the misfit",
        cases=_inside_cases,
        exact=lambda case: divergences_of(case).error,
        bound=gain_bound,
        margin=lambda case: 0.0,
        page=PAGE,
    ),
    Statement(
        id="target-beside-the-mixtures",
        kind="upper",
        title="Outside the mixtures: osc(log S/T) times the distance of the target more",
        cases=_outside_cases,
        exact=lambda case: divergences_of(case).error,
        bound=_outside_bound,
        page=PAGE,
    ),
    Statement(
        id="gain-of-estimated-laws",
        kind="equality",
        title="The same for a weak law estimated from data, on every path (violation)",
        cases=_estimated_cases,
        measure=FromWeakData(_violation),
        pathwise=True,
        bound=lambda case: 0.0,
        margin=lambda case: 1e-4,
        page=PAGE,
    ),
    Statement(
        id="stable-projection",
        kind="equality",
        title="TV(S^, S) <= osc(log T^/T) / 4, on every path (violation)",
        cases=_estimated_cases,
        measure=FromWeakData(_instability),
        pathwise=True,
        bound=lambda case: 0.0,
        margin=lambda case: 1e-4,
        page=PAGE,
    ),
)
