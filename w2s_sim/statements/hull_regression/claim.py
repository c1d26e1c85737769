"""Theorem hull-regression: least squares within the hull of the concepts pays for few directions."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from w2s_sim.engine.measured import FromWeakData, nonnegative
from w2s_sim.estimators import Estimator, HullRegression, LeastSquares
from w2s_sim.statements.contract.case import Case, Control
from w2s_sim.statements.contract.parameters import Parameter
from w2s_sim.statements.contract.statement import Preset, Statement
from w2s_sim.statements.hull_regression.conditions import CONSTRAINED, FOUR_MOMENTS, IN_HULL
from w2s_sim.statements.hull_regression.example_hulls import inside_the_hull, many_unbiased
from w2s_sim.statements.hull_regression.lemmas import (
    HULL_REGRESSION_LEMMAS,
    dimension_bound,
    in_sample_error,
)
from w2s_sim.statements.shared.broken_learners import UnderstatedNoise
from w2s_sim.statements.shared.point_mass import POINT_MASS
from w2s_sim.statements.shared.regression_examples import canonical, leaning_to_concept, noisy
from w2s_sim.statements.shared.unbiased_labels import STATED, UNBIASED
from w2s_sim.tasks.regression_task import ShiftedTarget, TransferTask, paper_task


def cases(preset: Preset) -> Sequence[Case]:
    signs = canonical(features="rademacher", supervisor=noisy(0.5).supervisor)
    listed = [
        Case("unbiased, sigma'=0.5, n=20", noisy(0.5), HullRegression(num_weak=20)),
        Case("unbiased, sigma'=1, n=20", noisy(1.0), HullRegression(num_weak=20)),
        Case("target inside the hull, sigma'=1, n=20", inside_the_hull(1.0), HullRegression(num_weak=20)),
        Case("two pairs", noisy(0.5), HullRegression(num_weak=2)),
        Case("rademacher features, n=20", signs, HullRegression(num_weak=20)),
    ]
    longer = [
        Case("unbiased, sigma'=0.5, n=120", noisy(0.5), HullRegression(num_weak=120)),
        Case("d=20, K=12, n=60", many_unbiased(), HullRegression(num_weak=60)),
        Case(
            "the paper's setting without bias, n=20",
            paper_task(scale=1.0, bias=0.0),
            HullRegression(num_weak=20),
        ),
    ]
    return listed + (longer if preset == "full" else [])


def controls(preset: Preset) -> Sequence[Control]:
    task, student = noisy(0.5), HullRegression(num_weak=60)
    shift = 0.5 * np.eye(8)[7]
    shifted = ShiftedTarget(task.features, task.source, task.target_prior, task.supervisor, shift)
    return [
        Control(Case("weak model leans to a wrong concept", leaning_to_concept(0.3), student), UNBIASED.name),
        Control(Case("target beside the hull", shifted, student), IN_HULL.name),
        Control(Case("least squares without the hull", task, LeastSquares(num_weak=60)), CONSTRAINED.name),
        Control(Case("twice the noise that is stated", louder(), HullRegression(num_weak=20)), STATED.name),
    ]


def louder() -> TransferTask:
    """Return `inside_the_hull` with a weak model whose labels have twice the noise that it states."""
    task = inside_the_hull(0.05)
    supervisor = UnderstatedNoise(task.supervisor.vectors, task.supervisor.noise)
    return TransferTask(task.features, task.source, task.target_prior, supervisor)


def build_estimator(numbers: dict[str, Any]) -> Estimator:
    return HullRegression(num_weak=numbers["num_weak"])


HULL_REGRESSION = Statement(
    id="hull-regression",
    kind="upper",
    label_power=2,
    title="Least squares within the hull pays for the hull's directions alone",
    summary=(
        "Least squares on unbiased weak labels, within the convex hull of the concepts, has an in-sample "
        "error of at most the noise in the tangent cone at the target: no more than the hull has dimensions."
    ),
    formula=(
        r"\mathbb{E}\,\lVert X(\hat b-\beta_Q)\rVert^2\;\le\;"
        r"\sigma'^2\,\mathbb{E}\,\delta\bigl(X\,T_C(\beta_Q)\bigr)"
        r"\;\le\;\sigma'^2\min(n,\dim C)"
    ),
    cases=cases,
    bound=dimension_bound,
    measure=FromWeakData(in_sample_error, nonnegative),
    assumptions=(
        CONSTRAINED,
        UNBIASED,
        IN_HULL,
        STATED,
        POINT_MASS,
        FOUR_MOMENTS,
    ),
    lemmas=HULL_REGRESSION_LEMMAS,
    controls=controls,
    parameters=(Parameter.of(HullRegression, "num_weak", "weak pairs n", 20, required=True),),
    build_estimator=build_estimator,
    quantity="in-sample squared error of the student (squared label units)",
    plot_axis="num_weak",
    reference="After Somerstep et al. 2025, arXiv 2405.16236 (constrained estimation)",
    page="theory/hull-regression.md",
)
