"""Theorem continuum-floor: refinement under a Gaussian prior over concepts obeys the fine-tuning floor."""

from collections.abc import Sequence
from typing import Any

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Key

from w2s_sim.engine.measured import FromWeakData
from w2s_sim.errors import InputError
from w2s_sim.estimators import (
    ConjugateRefinement,
    Estimator,
    GradientDescent,
    InContext,
    LeastSquares,
    Ridge,
    SpectralFinetuning,
)
from w2s_sim.statements.contract.case import Assumption, Case, Control
from w2s_sim.statements.contract.parameters import Parameter
from w2s_sim.statements.contract.statement import Preset, Statement
from w2s_sim.statements.naive_floor.claim import features_away_from_bias
from w2s_sim.statements.shared.bounded_metrics import ISOTROPIC_RISK
from w2s_sim.statements.shared.finetuned_students import ISOTROPIC, SYMMETRIC, stays_on_segment
from w2s_sim.statements.shared.finite_variance import FINITE_VARIANCE
from w2s_sim.statements.shared.quantities import label_scale, naive_floor
from w2s_sim.statements.shared.regression_examples import canonical, leaning_to_source, ten_dimensional
from w2s_sim.statements.shared.student_error import STUDENT_ERROR
from w2s_sim.tasks.regression_task import canonical_task, paper_task
from w2s_sim.tasks.task import WeakData

PAGE = "theory/continuum-floor.md"
GAUSSIAN_PRIOR = Assumption(
    "Gaussian prior over concepts", lambda case: isinstance(case.estimator, ConjugateRefinement)
)
ISOTROPIC_PRIOR = Assumption(
    "isotropic prior", lambda case: getattr(case.estimator, "has_isotropic_prior", True)
)


def bound(case: Case) -> Float[Array, ""]:
    """Return dist(beta_Q, segment[beta'_Q, beta_P])^2, in squared label units; independent of tau and n."""
    return naive_floor(case.task)


def _student_stays_on_segment(case: Case) -> bool:
    """Return whether the fitted student, if there is one, satisfies the condition on gains of naive-floor."""
    student = getattr(case.estimator, "student", None)
    return student is None or stays_on_segment(case.task, student)


def cases(preset: Preset) -> Sequence[Case]:
    task = canonical_task()
    sizes = (4, 16, 60) if preset == "quick" else (1, 2, 4, 8, 16, 32, 60, 240)
    mixed = canonical(target_prior=[0.2, 0.0, 0.2, 0.6])
    others = [
        Case("canonical, n=60, tau=0.1", task, ConjugateRefinement(60, 0.1)),
        Case("canonical, n=16, tau=10", task, ConjugateRefinement(16, 10.0)),
        Case("rademacher features, n=16", canonical(features="rademacher"), ConjugateRefinement(16, 0.5)),
        Case("d=10, K=3, n=16", ten_dimensional(), ConjugateRefinement(16, 0.5)),
        Case("weak model leans to the source, n=60", leaning_to_source(0.3), ConjugateRefinement(60, 0.1)),
        Case("mixed target, grouped, n=60", mixed, ConjugateRefinement(60, 0.5), grouped=True),
        Case(
            "student on 60 refined labels, n=60",
            task,
            ConjugateRefinement(60, 0.1, LeastSquares(num_weak=60)),
        ),
        Case(
            "student on 4 refined labels, rademacher features, n=60",
            canonical(features="rademacher"),
            ConjugateRefinement(60, 0.1, LeastSquares(num_weak=4)),
        ),
    ]
    path = [Case(f"canonical, n={n}, tau=0.5", task, ConjugateRefinement(n, 0.5)) for n in sizes]
    setting = [Case("the paper's setting, n=16", paper_task(), ConjugateRefinement(16, 0.5))]
    return path + others + (setting if preset == "full" else [])


def controls(preset: Preset) -> Sequence[Control]:
    task = canonical_task()
    # A prior over a continuum that contains only combinations of the concepts, and so cannot follow the bias.
    within = np.diag(np.repeat([1.0, 0.0], 4))
    stretched = canonical(features=features_away_from_bias(task))
    return [
        Control(Case("finitely many concepts, n=16", task, InContext(16)), breaks=GAUSSIAN_PRIOR.name),
        Control(
            Case("a continuum within the hull's span, n=60", task, ConjugateRefinement(60, within)),
            breaks=ISOTROPIC_PRIOR.name,
        ),
        Control(
            # Two steps above the stable step size push the student beyond the source, towards the target.
            Case(
                "student by gradient descent, 2 steps of 2.5",
                leaning_to_source(1.3),
                ConjugateRefinement(60, 0.5, GradientDescent(2, 2.5, num_weak=960)),
            ),
            breaks="a student with gains that stay on the segment",
        ),
        Control(
            Case("anisotropic features, n=240", stretched, ConjugateRefinement(240, 0.06)),
            "isotropic features",
        ),
    ]


def build_estimator(numbers: dict[str, Any]) -> Estimator:
    """Build the labeller, or, with `num_queries`, its student by least squares or gradient descent."""
    return ConjugateRefinement(numbers["num_demonstrations"], numbers["spread"], _student(numbers))


def _student(numbers: dict[str, Any]) -> SpectralFinetuning | None:
    queries, steps, step_size = (numbers[name] for name in ("num_queries", "steps", "step_size"))
    if (steps is None) != (step_size is None):
        raise InputError(
            "steps, step_size", "one without the other", "both, for gradient descent, or neither"
        )
    if queries is None and steps is not None:
        raise InputError("steps", f"{steps} without num_queries", "num_queries as well, for a fitted student")
    if queries is None:
        return None
    if steps is None:
        return LeastSquares(num_weak=queries)
    return GradientDescent(steps, step_size, num_weak=queries)


def _distance_from_ridge(key: Key[Array, ""], data: WeakData, case: Case) -> Float[Array, ""]:
    """Return ||posterior mean - ridge student|| at eta = sigma^2 / (n tau^2)."""
    estimator, source = case.estimator, case.task.source
    assert isinstance(estimator, ConjugateRefinement)
    ridge = source.noise**2 / (estimator.num_demonstrations * estimator.spread**2)
    fitted = Ridge(ridge, num_weak=estimator.num_demonstrations).fit(source, data, key=key)
    return jnp.linalg.norm(estimator.fit(source, data, key=key).coefficients - fitted.coefficients)


def _rounding(case: Case) -> float:
    """Return the tolerance of a pathwise identity: rounding in this precision, amplified by the solve."""
    return 2e4 * float(jnp.finfo(case.task.source_vector.dtype).eps) * label_scale(case.task)


def _lemma_cases(preset: Preset) -> Sequence[Case]:
    return [Case("canonical, n=16, tau=0.5", canonical_task(), ConjugateRefinement(16, 0.5))]


CONJUGATE_MEAN_IS_RIDGE = Statement(
    id="conjugate-mean-is-ridge",
    kind="equality",
    label_power=1,
    title="The posterior mean is ridge to the source",
    summary="Under N(beta_P, tau^2 I) the posterior mean is the ridge student at eta = sigma^2/(n tau^2).",
    formula=r"\mathbb{E}[\beta\mid x,y']=b_\eta,\qquad \eta=\sigma^2/(n\tau^2)",
    cases=_lemma_cases,
    bound=lambda case: jnp.zeros(()),
    measure=FromWeakData(_distance_from_ridge),
    margin=_rounding,
    assumptions=(GAUSSIAN_PRIOR, ISOTROPIC_PRIOR),
    quantity="distance between the two (label units per feature unit)",
    reference="Conjugacy of the normal law; Somerstep et al. 2025, arXiv 2405.16236, for the setting",
    page=PAGE,
)

CONTINUUM_FLOOR = Statement(
    id="continuum-floor",
    kind="lower",
    label_power=2,
    title="Refinement over a continuum of concepts is fine-tuning",
    summary=(
        "If the strong model holds every regression vector for possible, a Gaussian prior around the source, "
        "reading weak labels in context is ridge regression, and refinement has the floor of fine-tuning."
    ),
    formula=(
        r"\mathbb{E}\,\lVert \mathbb{E}[\beta\mid x,y']-\beta_Q\rVert^2 \;\ge\; "
        r"\mathrm{dist}\bigl(\beta_Q,\,[\beta'_Q,\beta_P]\bigr)^2,\quad \beta\sim\mathcal{N}(\beta_P,\tau^2I)"
    ),
    cases=cases,
    bound=bound,
    measure=STUDENT_ERROR,
    assumptions=(
        GAUSSIAN_PRIOR,
        ISOTROPIC_PRIOR,
        ISOTROPIC,
        SYMMETRIC,
        Assumption("a student with gains that stay on the segment", _student_stays_on_segment),
        FINITE_VARIANCE,
    ),
    trivial=lambda case: 0.0,
    lemmas=(CONJUGATE_MEAN_IS_RIDGE,),
    controls=controls,
    parameters=(
        Parameter.of(InContext, "num_demonstrations", "demonstrations n in context", 16, required=True),
        Parameter("spread", float, "tau, of the prior around the source", example=0.5, required=True, low=0),
        Parameter("num_queries", int, "queries N relabelled for a student, by least squares", low=1),
        Parameter.of(
            GradientDescent, "steps", "gradient descent steps t of the student, instead of least squares"
        ),
        Parameter.of(GradientDescent, "step_size", "gradient descent step size, with steps"),
        Parameter("grouped", bool, "all demonstrations share one draw of the concept", default=False),
    ),
    build_estimator=build_estimator,
    bounded_metric=ISOTROPIC_RISK,
    quantity="squared error of the student (squared label units)",
    plot_axis="num_demonstrations",
    reference="After Somerstep et al. 2025, arXiv 2405.16236 (naive floor, and in-context refinement)",
    page=PAGE,
)
