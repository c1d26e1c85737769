"""Theorem ridge-teacher-threshold: no student beats the best shrunken copy of its teacher.

The best copy of a ridge teacher is the teacher itself exactly from a threshold of its penalty on.
"""

from collections.abc import Sequence
from typing import Any

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Key

from w2s_sim.engine.measured import FromWeakData, Support
from w2s_sim.estimators import Bootstrapping, Estimator
from w2s_sim.statements.contract.case import Assumption, Case, Control
from w2s_sim.statements.contract.functionals import monotone
from w2s_sim.statements.contract.parameters import Parameter
from w2s_sim.statements.contract.statement import Preset, Statement
from w2s_sim.statements.ridge_teacher_threshold.lemmas import (
    LOUD,
    RIDGE_TEACHER_THRESHOLD_LEMMAS,
    stretched_along_the_way,
)
from w2s_sim.statements.ridge_teacher_threshold.taught_student import FRESH, PAIR, pair, teacher_of
from w2s_sim.statements.shared.finetuned_students import ISOTROPIC, SYMMETRIC
from w2s_sim.statements.shared.finite_variance import FINITE_VARIANCE
from w2s_sim.statements.shared.quantities import squared_error
from w2s_sim.statements.shared.regression_examples import canonical, noisy
from w2s_sim.tasks.task import WeakData

# A shrunken copy of the weak model counts as the target if it is nearer than this share of the way to it.
SMALLEST_GAP = 1e-3


def evaluate(key: Key[Array, ""], data: WeakData, case: Case) -> Float[Array, "3"]:
    """Return R_S, ||u||^2 and u.b, all relative to ||b||^2, for u and b relative to the source."""
    task = case.task
    wanted = task.target_vector - task.source_vector
    taught = teacher_of(data, case) - task.source_vector
    risk = squared_error(task, case.estimator.fit(task.source, data, key=key))
    return jnp.stack([risk, taught @ taught, taught @ wanted]) / (wanted @ wanted)


def _range(case: Case) -> Support:
    return np.array([0.0, 0.0, -np.inf]), np.array([np.inf] * 3)


def best_copy(length: float, overlap: float) -> float:
    """Return min over v in [0, 1] of 1 - 2 v C + v^2 U, the risk of the best shrunken copy of the teacher.

    Args:
        length: U = E||u||^2 / ||b||^2.
        overlap: C = E u.b / ||b||^2.
    """
    share = min(max(overlap / length, 0.0), 1.0) if length > 0 else float(overlap > 0)
    return 1.0 - 2.0 * share * overlap + share**2 * length


def ratio(means: Float[np.ndarray, "3"]) -> float:
    """Return the risk of the student by that of the best copy; infinite if no copy has a positive risk."""
    risk, length, overlap = (float(mean) for mean in means)
    best = best_copy(length, overlap)
    return risk / best if best > 0 else float("inf")


def _way_to_go(case: Case) -> bool:
    return bool(jnp.any(case.task.target_vector != case.task.source_vector))


def _errs(case: Case) -> bool:
    """Whether the labels are noisy, or no shrunken copy of the weak model is the target."""
    task = case.task
    source = np.asarray(task.source_vector, np.float64)
    wanted, shown = (np.asarray(v, np.float64) - source for v in (task.target_vector, task.weak_vector))
    length = shown @ shown
    share = np.clip(wanted @ shown / length, 0.0, 1.0) if length > 0 else 0.0
    gap = np.linalg.norm(wanted - share * shown)
    return float(task.supervisor.noise) > 0 or bool(gap > SMALLEST_GAP * np.linalg.norm(wanted))


def cases(preset: Preset) -> Sequence[Case]:
    task = noisy(LOUD)
    signs = canonical(supervisor=task.supervisor, features="rademacher")
    listed = [
        Case("least squares teacher, eta=0.6", task, pair(task, 0.0, 0.6)),
        Case("least squares teacher, eta=0.1", task, pair(task, 0.0, 0.1)),
        Case("teacher at 0.5, eta=1", task, pair(task, 0.5, 1.0)),
        Case("teacher at 3, above the threshold, eta=0.15", task, pair(task, 3.0, 0.15)),
        Case("biased labels, eta=1", canonical(), pair(canonical(), 0.1, 1.0)),
        Case("rademacher features, eta=0.3", signs, pair(signs, 0.1, 0.3)),
    ]
    more = [
        Case("eta=3", task, pair(task, 0.1, 3.0)),
        Case("n=240, eta=0.3", task, pair(task, 0.0, 0.3, num_weak=240)),
        Case("fewer pairs than features", task, pair(task, 0.3, 0.5, num_weak=4)),
    ]
    return listed + (more if preset == "full" else [])


def controls(preset: Preset) -> Sequence[Control]:
    task = noisy(LOUD)
    tilted = stretched_along_the_way(task)
    few = noisy(0.5)
    return [
        Control(Case("stretched features", tilted, pair(tilted, 0.0, 1.0)), breaks=ISOTROPIC.name),
        Control(
            Case("the teacher's inputs, n=12", few, pair(few, 0.01, 0.1, num_weak=12, inputs="shared")),
            breaks=FRESH.name,
        ),
    ]


def build_estimator(numbers: dict[str, Any]) -> Estimator:
    arguments = {name: numbers[name] for name in ("num_weak", "inputs")}
    return Bootstrapping(jnp.asarray(numbers["middle"]), jnp.asarray(numbers["ridges"]), **arguments)


RIDGE_TEACHER_THRESHOLD = Statement(
    id="ridge-teacher-threshold",
    kind="lower",
    title="When a student beats its ridge teacher",
    summary=(
        "A student on inputs of its own has at least the risk of the best shrunken copy of its teacher. If "
        "a ridge teacher learned from true labels, that copy is the teacher itself exactly from the penalty "
        "sigma^2 d/(n ||b||^2) on: from there on no student wins, and below it some student does."
    ),
    formula=(
        r"\mathbb{E}\,R_S\;\ge\;\min_{0\le v\le1}\mathbb{E}\,\lVert b-v\,u\rVert^2,\qquad "
        r"=\mathbb{E}\,R_T\iff\lambda_T\ge\frac{\sigma'^2d}{n\lVert b\rVert^2}"
    ),
    cases=cases,
    bound=lambda case: 1.0,
    measure=FromWeakData(evaluate, _range),
    functional=monotone(ratio),
    assumptions=(
        PAIR,
        FRESH,
        ISOTROPIC,
        SYMMETRIC,
        Assumption("a target away from the source", _way_to_go),
        Assumption("a teacher whose best copy errs", _errs),
        FINITE_VARIANCE,
    ),
    trivial=lambda case: 0.0,
    lemmas=RIDGE_TEACHER_THRESHOLD_LEMMAS,
    controls=controls,
    parameters=(
        Parameter(
            "middle",
            list,
            "start of the teacher, 1 x d; beta_P in the threshold",
            example=[[0.5, 0.25, 0.15, 0.1, 0, 0, 0, 0]],
            required=True,
            depth=2,
        ),
        Parameter(
            "ridges", list, "lambda_T of the teacher, eta of the student", example=[0.1, 0.3], required=True
        ),
        Parameter.of(
            Bootstrapping, "num_weak", "pairs n of the teacher, and of the student", 60, required=True
        ),
        Parameter(
            "inputs",
            str,
            "inputs of its own for the student, or its teacher's",
            choices=("fresh", "shared"),
            default="fresh",
        ),
        Parameter("grouped", bool, "all weak pairs share one draw of the concept", default=False),
    ),
    build_estimator=build_estimator,
    quantity="risk of the student by that of the best copy of its teacher",
    plot_axis="num_weak",
    reference="After Moniri & Hassani 2025, arXiv 2505.18346",
    page="theory/ridge-teacher-threshold.md",
)
