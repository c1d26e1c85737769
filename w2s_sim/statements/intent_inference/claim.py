"""Theorem intent-inference: the concept named from weak demonstrations is the intended one."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from jaxtyping import Array, Float, Key

from w2s_sim.engine.measured import FromWeakData
from w2s_sim.estimators import Estimator, IntentInference
from w2s_sim.identification import (
    can_be_misidentified,
    classical_identification_bound,
    quadrature_is_resolved,
)
from w2s_sim.laws.features import Anisotropic, Gaussian
from w2s_sim.statements.contract.case import Assumption, Case, Control
from w2s_sim.statements.contract.parameters import Parameter
from w2s_sim.statements.contract.statement import Preset, Statement
from w2s_sim.statements.intent_inference.lemmas import (
    INTENT_INFERENCE_LEMMAS,
    competitor_bounds,
    is_misnamed,
    log_posterior_of,
)
from w2s_sim.statements.shared.bounded_metrics import MISIDENTIFICATION
from w2s_sim.statements.shared.broken_learners import NamedFromOne
from w2s_sim.statements.shared.regression_examples import (
    canonical,
    leaning_to_concept,
    noisy,
    two_concepts,
)
from w2s_sim.tasks.regression_task import TransferTask, canonical_task, paper_task, regression_task
from w2s_sim.tasks.supervisors import RegressionSupervisor
from w2s_sim.tasks.task import WeakData


def evaluate(key: Key[Array, ""], data: WeakData, case: Case) -> Float[Array, ""]:
    """Return 1 if the named concept is not the intended one, else 0."""
    return is_misnamed(log_posterior_of(data, case), case.task.target_concept)


def bound(case: Case) -> Float[Array, ""]:
    return classical_identification_bound(case.task, case.estimator.sample_size)


def terms(case: Case) -> dict[str, Float[Array, ""]]:
    """Return the summands of the bound, one per competing concept."""
    summands = competitor_bounds(case)
    return {f"concept {k + 1}": summands[k] for k in range(case.task.num_concepts)}


def silent_demonstrations() -> TransferTask:
    """Return a task where half of the demonstrations say nothing, and the others everything.

    With sign features the concepts e_1 and e_2 predict the same label whenever x_1 = x_2. Without any other
    demonstration the source prior decides, and it slightly favours the wrong concept.
    """
    return regression_task(
        2,
        2,
        source_prior=[0.56, 0.44],
        target_prior=[0.0, 1.0],
        features="rademacher",
        supervisor=RegressionSupervisor(np.eye(2), 0.1),
    )


def cases(preset: Preset) -> Sequence[Case]:
    task = canonical_task()
    sizes = (8, 16, 24) if preset == "quick" else (2, 4, 8, 16, 24, 32)
    scaled = Anisotropic(Gaussian(8), np.diag(np.linspace(0.6, 1.4, 8)))
    path = [Case(f"canonical, n={n}", task, IntentInference(n)) for n in sizes]
    others = [
        Case("half of the demonstrations silent, n=2", silent_demonstrations(), IntentInference(2)),
        Case("K=2, uniform prior, n=2", two_concepts(), IntentInference(2)),
        Case("noisy, sigma'=1, n=16", noisy(1.0), IntentInference(16)),
        Case("anisotropic features, n=16", canonical(features=scaled), IntentInference(16)),
    ]
    longer = [
        Case("leans to a wrong concept, t=0.25, n=32", leaning_to_concept(0.25), IntentInference(32)),
        Case("rademacher features, n=16", canonical(features="rademacher"), IntentInference(16)),
        Case("bias 1.4, n=32", canonical(bias=1.4), IntentInference(32)),
        Case("the paper's setting, n=48", paper_task(), IntentInference(48)),
        Case(
            "mixed target, ungrouped, n=16",
            canonical(target_prior=[0.15, 0.0, 0.0, 0.85]),
            IntentInference(16),
        ),
    ]
    return path + others + (longer if preset == "full" else [])


def controls(preset: Preset) -> Sequence[Control]:
    case = Case("one demonstration, shown 32 times", canonical_task(), NamedFromOne(32))
    return [Control(case, breaks="independent demonstrations")]


def build_estimator(numbers: dict[str, Any]) -> Estimator:
    return IntentInference(numbers["num_demonstrations"])


def _independent(case: Case) -> bool:
    return (
        not isinstance(case.estimator, NamedFromOne)
        and case.task.source.reads_independently
        and (not case.grouped or case.task.has_point_mass_target)
    )


INTENT_INFERENCE = Statement(
    id="intent-inference",
    kind="upper",
    title="The concept named from weak demonstrations is the intended one",
    summary=(
        "If the strong model names the concept that n weak demonstrations make most probable, and answers by "
        "it alone, the probability of a wrong name is exponentially small in n."
    ),
    formula=(
        r"\Pr(\hat k\ne k^*) \;\le\; \sum_{k\ne k^*}\,\min_{0\le s\le 1}\, "
        r"\Bigl(\frac{\alpha^P_k}{\alpha^P_{*}}\Bigr)^{s} m_k(s)^n,\qquad \hat k=\arg\max_k\pi_n(k)"
    ),
    cases=cases,
    bound=bound,
    measure=FromWeakData(evaluate),
    assumptions=(
        Assumption("one concept named", lambda case: isinstance(case.estimator, IntentInference)),
        Assumption("independent demonstrations", _independent),
        Assumption(
            "a source prior that holds the intended concept",
            lambda case: float(case.task.source.prior[case.task.target_concept]) > 0,
        ),
        Assumption(
            "moments resolved by quadrature",
            lambda case: quadrature_is_resolved(case.task, case.estimator.sample_size),
        ),
    ),
    support=lambda case: (0.0, float(can_be_misidentified(case.task))),
    trivial=lambda case: 1.0,
    terms=terms,
    lemmas=INTENT_INFERENCE_LEMMAS,
    controls=controls,
    parameters=(
        Parameter.of(IntentInference, "num_demonstrations", "demonstrations n in context", 16, required=True),
        Parameter("grouped", bool, "all demonstrations share one draw of the concept", default=False),
    ),
    build_estimator=build_estimator,
    bounded_metric=MISIDENTIFICATION,
    quantity="probability that the named concept is wrong (probability)",
    plot_axis="num_demonstrations",
    reference="After Somerstep et al. 2025, arXiv 2405.16236, its second algorithm (infer and respond)",
    page="theory/intent-inference.md",
)
