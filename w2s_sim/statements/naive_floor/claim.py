"""Theorem naive-floor: fine-tuning on weak labels comes no nearer to the target than a certain segment.

The segment joins the weak model and the source.
"""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Array, Float

from w2s_sim.estimators import (
    GradientDescent,
    InContext,
    LabelMixing,
    LeastSquares,
    Ridge,
    SpectralCutoff,
    SpectralFinetuning,
)
from w2s_sim.laws.features import Anisotropic, Gaussian
from w2s_sim.statements.contract.case import Assumption, Case, Control
from w2s_sim.statements.contract.statement import Preset, Statement
from w2s_sim.statements.naive_floor.lemmas import NAIVE_FLOOR_LEMMAS
from w2s_sim.statements.shared.bounded_metrics import ISOTROPIC_RISK
from w2s_sim.statements.shared.finetuned_students import (
    FINETUNING_PARAMETERS,
    ISOTROPIC,
    SPECTRAL,
    SYMMETRIC,
    build_student,
    stays_on_segment,
)
from w2s_sim.statements.shared.finite_variance import FINITE_VARIANCE
from w2s_sim.statements.shared.quantities import naive_floor
from w2s_sim.statements.shared.regression_examples import (
    canonical,
    leaning_to_source,
    noisy,
    ten_dimensional,
)
from w2s_sim.statements.shared.student_error import STUDENT_ERROR
from w2s_sim.tasks.regression_task import TransferTask, canonical_task, paper_task


def bound(case: Case) -> Float[Array, ""]:
    """Return dist(beta_Q, segment[beta'_Q, beta_P])^2, in squared label units; independent of eta and n."""
    return naive_floor(case.task)


def _stays_on_segment(case: Case) -> bool:
    return isinstance(case.estimator, SpectralFinetuning) and stays_on_segment(case.task, case.estimator)


def cases(preset: Preset) -> Sequence[Case]:
    task = canonical_task()
    mixed = canonical(target_prior=[0.2, 0.0, 0.2, 0.6])
    ridge_path = [
        Case(f"canonical, n=60, eta={ridge:g}", task, Ridge(ridge, num_weak=60))
        for ridge in (0.0, 0.1, 0.3, 1.0, 3.0)
    ]
    other_sizes = [
        Case(f"canonical, n={n}, eta=0.3", task, Ridge(0.3, num_weak=n))
        for n in ((240,) if preset == "quick" else (20, 120, 240, 960))
    ]
    families = [
        Case("canonical, fewer data than features, n=4, eta=0", task, Ridge(0.0, num_weak=4)),
        Case("canonical, gradient descent, 20 steps of 0.05", task, GradientDescent(20, 0.05, num_weak=60)),
        Case("canonical, gradient descent, 20 steps of 0.2", task, GradientDescent(20, 0.2, num_weak=60)),
        Case("canonical, label mixing 0.4, eta=0.1", task, LabelMixing(Ridge(0.1, num_weak=60), 0.4)),
        Case("canonical, spectral cutoff at 0.8", task, SpectralCutoff(0.8, num_weak=60)),
    ]
    laws = [
        Case(f"canonical, {law} features", canonical(features=law), Ridge(0.3, num_weak=60))
        for law in ("uniform", "rademacher")
    ]
    tasks = [
        Case("d=10, K=3, n=60, eta=0.3", ten_dimensional(), Ridge(0.3, num_weak=60)),
        Case("bias 0.3, n=60, eta=1", canonical(bias=0.3), Ridge(1.0, num_weak=60)),
        Case("bias 1.4, n=60, eta=1", canonical(bias=1.4), Ridge(1.0, num_weak=60)),
        Case("noise 0.2, n=60, eta=1", canonical(noise=0.2), Ridge(1.0, num_weak=60)),
        Case("no bias (no floor)", noisy(0.5), Ridge(0.3, num_weak=60)),
        Case("weak model leans to the source", leaning_to_source(0.3), Ridge(1.0, num_weak=60)),
        Case("weak model overshoots the source", leaning_to_source(1.3), Ridge(1.0, num_weak=60)),
        Case("mixed target, grouped", mixed, Ridge(0.3, num_weak=60), grouped=True),
        Case("mixed target, ungrouped", mixed, Ridge(0.3, num_weak=60)),
        Case("the paper's setting, n=60, eta=0.1", paper_task(), Ridge(0.1, num_weak=60)),
    ]
    # Least squares is ridge at eta = 0: the quick preset need not fit it twice.
    repeated = [Case("canonical, least squares, n=60", task, LeastSquares(num_weak=60))]
    return ridge_path + other_sizes + families + laws + tasks + (repeated if preset == "full" else [])


def controls(preset: Preset) -> Sequence[Control]:
    task = canonical_task()
    tilted = TransferTask(features_away_from_bias(task), task.source, task.target_prior, task.supervisor)
    return [
        Control(Case("anisotropic features", tilted, Ridge(0.3, num_weak=240)), breaks="isotropic features"),
        Control(
            # Two steps above the stable step size push the student away from weak labels that overshoot.
            Case(
                "gradient descent, 2 steps of 2.5",
                leaning_to_source(1.3),
                GradientDescent(2, 2.5, num_weak=960),
            ),
            breaks="gains that stay on the segment",
        ),
        Control(Case("refined, not fine-tuned", task, InContext(16)), breaks="spectral fine-tuning"),
    ]


def features_away_from_bias(task: TransferTask) -> Anisotropic:
    """Return features of variance 4 along beta_P - beta_Q, 0.05 along the bias, and 1 elsewhere.

    With these features the student corrects the error of the source long before it learns the bias.
    """
    gap = np.asarray(task.source_vector - task.target_vector, dtype=np.float64)
    bias = np.asarray(task.weak_vector - task.target_vector, dtype=np.float64)
    gap, bias = gap / np.linalg.norm(gap), bias / np.linalg.norm(bias)
    factor = np.eye(task.dim) + (2.0 - 1.0) * np.outer(gap, gap) + (0.05**0.5 - 1.0) * np.outer(bias, bias)
    return Anisotropic(Gaussian(task.dim), factor)


NAIVE_FLOOR = Statement(
    id="naive-floor",
    kind="lower",
    label_power=2,
    title="Naive fine-tuning has a floor",
    summary=(
        "A student fine-tuned from the source on weak labels never gets closer to the target than the "
        "segment between the weak model and the source, whatever the sample size and the regularisation."
    ),
    formula=(
        r"\mathbb{E}\,\lVert b_\eta-\beta_Q\rVert^2 \;\ge\; "
        r"\mathrm{dist}\bigl(\beta_Q,\,[\beta'_Q,\beta_P]\bigr)^2"
    ),
    cases=cases,
    bound=bound,
    measure=STUDENT_ERROR,
    assumptions=(
        SPECTRAL,
        ISOTROPIC,
        SYMMETRIC,
        Assumption("gains that stay on the segment", _stays_on_segment),
        FINITE_VARIANCE,
    ),
    trivial=lambda case: 0.0,
    lemmas=NAIVE_FLOOR_LEMMAS,
    controls=controls,
    parameters=FINETUNING_PARAMETERS,
    build_estimator=build_student,
    bounded_metric=ISOTROPIC_RISK,
    quantity="squared error of the student (squared label units)",
    plot_axis="ridge",
    reference="After Somerstep et al. 2025, arXiv 2405.16236, its theorem on naive fine-tuning",
    page="theory/naive-floor.md",
)
