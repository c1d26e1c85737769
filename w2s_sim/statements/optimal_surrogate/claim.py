"""Theorem optimal-surrogate: the limit of the risk of an interpolating student, and its best teacher."""

from collections.abc import Sequence
from typing import Any

import jax.numpy as jnp
from jaxtyping import Array, Float

from w2s_sim.engine.measured import FromWeakData, nonnegative
from w2s_sim.estimators import Estimator, LeastSquares, Ridge
from w2s_sim.statements.contract.case import Assumption, Case, Control
from w2s_sim.statements.contract.parameters import Parameter
from w2s_sim.statements.contract.statement import Preset, Statement
from w2s_sim.statements.optimal_surrogate.examples import taught_best, two_levels
from w2s_sim.statements.optimal_surrogate.lemmas import OPTIMAL_SURROGATE_LEMMAS
from w2s_sim.statements.optimal_surrogate.surrogate_risk import (
    allowance,
    is_least_squares,
    is_resolved,
    limit_risk,
    limit_terms,
    measured_risk,
)
from w2s_sim.statements.shared.bounded_metrics import RISK
from w2s_sim.statements.shared.broken_learners import RandomLength, UnderstatedNoise
from w2s_sim.statements.shared.finite_variance import FINITE_VARIANCE
from w2s_sim.statements.shared.point_mass import POINT_MASS
from w2s_sim.tasks.regression_task import TransferTask
from w2s_sim.tasks.supervisors import RegressionSupervisor

NORMAL = Assumption("normal features", lambda case: case.task.features.normal_factor is not None)
INTERPOLATING = Assumption("least squares without a penalty", is_least_squares)


def margin(case: Case) -> Float[Array, ""]:
    """Return the allowance for the finite size n, in squared label units."""
    return allowance(case.task, case.estimator.sample_size)


def cases(preset: Preset) -> Sequence[Case]:
    student = LeastSquares(num_weak=24)
    truth = two_levels()
    listed = [
        Case("true labels", truth, student),
        Case("the best surrogate", taught_best(truth, 24), student),
        Case("a surrogate with the large variances alone", two_levels(1.0, 0.0), student),
        Case("an amplified surrogate, length 3", two_levels(2.0, 2.0, length=3.0), student),
        Case("no label noise", two_levels(noise=0.0), student),
        Case("equal variances", two_levels(0.5, 1.0, levels=(1.0, 1.0)), student),
    ]
    more = [
        Case("n=30", truth, LeastSquares(num_weak=30)),
        Case("d=96, n=48", two_levels(dim=96), LeastSquares(num_weak=48)),
        Case(
            "d=96, n=48, the best surrogate", taught_best(two_levels(dim=96), 48), LeastSquares(num_weak=48)
        ),
        Case("variances 9 and 0.1", two_levels(levels=(9.0, 0.1)), student),
        Case("loud labels", two_levels(noise=2.0), student),
    ]
    return listed + (more if preset == "full" else [])


def controls(preset: Preset) -> Sequence[Control]:
    truth, student = two_levels(), LeastSquares(num_weak=24)
    loud = UnderstatedNoise(truth.supervisor.vectors, truth.supervisor.noise)
    mixed = TransferTask(truth.features, truth.source, jnp.array([0.5, 0.5]), truth.supervisor)
    return [
        Control(Case("ridge 5", truth, Ridge(5.0, num_weak=24)), breaks=INTERPOLATING.name),
        Control(
            Case("inputs of random length", two_levels(base=RandomLength(48)), student), breaks=NORMAL.name
        ),
        Control(
            Case(
                "twice the label noise that is stated",
                TransferTask(truth.features, truth.source, truth.target_prior, loud),
                student,
            ),
            breaks="label noise of the stated variance",
        ),
        Control(Case("mixed target", mixed, student), breaks="point-mass target"),
    ]


def build_estimator(numbers: dict[str, Any]) -> Estimator:
    return LeastSquares(num_weak=numbers["num_weak"])


OPTIMAL_SURROGATE = Statement(
    id="optimal-surrogate",
    kind="equality",
    label_power=2,
    title="The best teacher of an interpolating student",
    summary=(
        "With more features than weak labels, the risk of the interpolating student tends to an explicit "
        "quadratic function of the teacher's vector. Its minimum is not at the truth: a teacher that says "
        "more of the directions of large variance, and less of the others, is better than true labels."
    ),
    formula=(
        r"\mathbb{E}\,R(b)\;\to\;\sum_i\lambda_i\bigl(b_i-(1-\zeta_i)b^{\mathrm s}_i\bigr)^2"
        r"+\frac{\Omega}{n-\Omega}\Bigl(\sum_i\lambda_i\zeta_i^2(b^{\mathrm s}_i)^2+\sigma'^2\Bigr)"
    ),
    cases=cases,
    bound=lambda case: limit_risk(case.task, case.estimator.sample_size),
    measure=FromWeakData(measured_risk, nonnegative),
    assumptions=(
        INTERPOLATING,
        NORMAL,
        POINT_MASS,
        Assumption(
            "label noise of the stated variance",
            lambda case: type(case.task.supervisor) is RegressionSupervisor,
        ),
        Assumption("limit resolved at this size", is_resolved),
        FINITE_VARIANCE,
    ),
    terms=lambda case: limit_terms(case.task, case.estimator.sample_size),
    margin=margin,  # pyright: ignore[reportArgumentType]
    lemmas=OPTIMAL_SURROGATE_LEMMAS,
    controls=controls,
    parameters=(
        Parameter.of(LeastSquares, "num_weak", "weak pairs n, fewer than features", 24, required=True),
    ),
    build_estimator=build_estimator,
    bounded_metric=RISK,
    quantity="excess risk of the student (squared label units)",
    plot_axis="num_weak",
    reference="After Ildiz et al. 2024, arXiv 2410.18837",
    page="theory/optimal-surrogate.md",
)
