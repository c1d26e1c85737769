"""Theorem shrinkage-limit: a student that shrinks towards its source stays in a ball, whatever its filter."""

from collections.abc import Sequence

import numpy as np

from w2s_sim.estimators import GradientDescent, InContext, LabelMixing, LeastSquares, Ridge, SpectralCutoff
from w2s_sim.statements.contract.case import Case, Control
from w2s_sim.statements.contract.statement import Preset, Statement
from w2s_sim.statements.shared.bounded_metrics import RISK
from w2s_sim.statements.shared.finetuned_students import FINETUNING_PARAMETERS, SPECTRAL, build_student
from w2s_sim.statements.shared.finite_variance import FINITE_VARIANCE
from w2s_sim.statements.shared.regression_examples import leaning_to_source
from w2s_sim.statements.shared.student_error import STUDENT_RISK
from w2s_sim.statements.shrinkage_limit.ball import shrinkage_limit
from w2s_sim.statements.shrinkage_limit.lemmas import (
    OUTSIDE,
    SHRINKAGE_LIMIT_LEMMAS,
    SHRINKING,
    SYMMETRIC_AXES,
    stretched,
)
from w2s_sim.statements.shrinkage_limit.planar_tasks import long_step, projected_teacher, uneven_signs
from w2s_sim.tasks.regression_task import TransferTask


def cases(preset: Preset) -> Sequence[Case]:
    half = projected_teacher(0.5, spread=0.01)
    cut = SpectralCutoff(0.1, num_weak=60)
    large = projected_teacher(0.5, spread=0.01, length=3.0)
    listed = [
        Case("teacher's loss 0.5, cutoff", half, cut),
        Case("teacher's loss 0.1, cutoff", projected_teacher(0.1, spread=0.01), cut),
        Case("teacher's loss 0.5, ridge 0.1", half, Ridge(0.1, num_weak=60)),
        Case("target of length 3, cutoff", large, cut),
        Case("noisy weak labels, cutoff", projected_teacher(0.5, spread=0.01, weak_noise=0.3), cut),
        Case("weak model leans to the source", leaning_to_source(0.3), Ridge(1.0, num_weak=60)),
        Case("the same, stretched features", stretched_task(), Ridge(0.3, num_weak=60)),
    ]
    more = [
        Case("teacher's loss 0.9, cutoff", projected_teacher(0.9, spread=0.01), cut),
        Case(
            "axes turned, ridge 0.1", projected_teacher(0.5, spread=0.01, turn=0.4), Ridge(0.1, num_weak=60)
        ),
        Case("least squares, more features than pairs", stretched_task(), LeastSquares(num_weak=4)),
        Case("label mixing 0.2", half, LabelMixing(cut, 0.2)),
        Case("mixed target, grouped", stretched_task([0.2, 0.0, 0.2, 0.6]), Ridge(0.3, num_weak=60), True),
    ]
    return listed + (more if preset == "full" else [])


def stretched_task(target_prior: Sequence[float] = (0.0, 0.0, 0.0, 1.0)) -> TransferTask:
    """Return the task whose weak model leans to the source, with features of unequal variances."""
    task = leaning_to_source(0.3)
    return TransferTask(stretched(task.dim), task.source, np.array(target_prior), task.supervisor)


def controls(preset: Preset) -> Sequence[Control]:
    believed = Case("", leaning_to_source(0.3), Ridge(1.0, num_weak=60))
    return [
        Control(
            Case("one long step of gradient descent", long_step(), GradientDescent(1, 1.0, num_weak=60)),
            breaks=SHRINKING.name,
        ),
        Control(
            Case("one pair of two oblique inputs", uneven_signs(), LeastSquares(num_weak=1)),
            breaks=SYMMETRIC_AXES.name,
        ),
        Control(
            Case("refined, not fine-tuned", leaning_to_source(0.3), InContext(32)),
            breaks=SPECTRAL.name,
            believed=believed,
        ),
    ]


SHRINKAGE_LIMIT = Statement(
    id="shrinkage-limit",
    kind="lower",
    label_power=2,
    title="Shrinkage gains no more than a ball allows",
    summary=(
        "A student that is shrunk towards its source by a spectral filter stays, on average, in the ball "
        "whose diameter joins the source and the weak model. From the source zero and a weak model that is a "
        "projection of the target, its loss is at least an explicit function of the weak model's loss."
    ),
    formula=(
        r"\mathbb{E}\,R(b)\;\ge\;\mathrm{dist}_\Sigma\bigl(\beta_Q,\,\mathrm{ball}[\beta_P,\beta'_Q]\bigr)^2"
        r"=\Bigl(\tfrac{2c}{\lVert p+w\rVert_\Sigma+\lVert p-w\rVert_\Sigma}\Bigr)^2,\quad c>0"
    ),
    cases=cases,
    bound=lambda case: shrinkage_limit(case.task),
    measure=STUDENT_RISK,
    assumptions=(SPECTRAL, SHRINKING, SYMMETRIC_AXES, OUTSIDE, FINITE_VARIANCE),
    trivial=lambda case: 0.0,
    lemmas=SHRINKAGE_LIMIT_LEMMAS,
    controls=controls,
    parameters=FINETUNING_PARAMETERS,
    build_estimator=build_student,
    bounded_metric=RISK,
    quantity="excess risk of the student (squared label units)",
    plot_axis="num_weak",
    reference="After Medvedev et al. 2025, arXiv 2503.02877",
    page="theory/shrinkage-limit.md",
)
