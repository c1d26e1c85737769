"""Theorem hmm-identification: concept-identification for concepts with finitely many outcomes."""

from collections.abc import Sequence

import numpy as np

from w2s_sim.concepts import FiniteModel
from w2s_sim.engine.measured import FromWeakData
from w2s_sim.estimators import ContextEstimator, InContext
from w2s_sim.statements.concept_identification.claim import (
    bound,
    build_estimator,
    evaluate,
    support,
    terms,
)
from w2s_sim.statements.contract.case import Assumption, Case, Control
from w2s_sim.statements.contract.parameters import Parameter
from w2s_sim.statements.contract.statement import Preset, Statement
from w2s_sim.statements.hmm_identification.lemmas import (
    HMM_IDENTIFICATION_LEMMAS,
    INDEPENDENT,
)
from w2s_sim.statements.shared.bounded_metrics import FINITE_MISIDENTIFICATION
from w2s_sim.statements.shared.broken_learners import RepeatedDemonstration
from w2s_sim.statements.shared.finite_examples import (
    ALTERNATING,
    FORGETFUL,
    SOUNDS,
    accented_language_task,
    hesitant_language_task,
    language_task,
    languages,
    style_content_task,
    table_task,
    three_state_task,
)
from w2s_sim.tasks.finite_task import FiniteTask

# Total variation below which two laws of a demonstration count as equal: float32 rounding of many outcomes.
INDISTINGUISHABLE = 1e-4


def nearest_competitor_distance(source: FiniteModel, intended: int) -> float:
    """Return the total variation between the intended concept's law and the nearest competitor's law.

    Competitors are the other concepts of positive source prior; the result is 1 if there is none.
    """
    laws = np.exp(np.asarray(source.log_outcome_probabilities(), dtype=np.float64))
    distances = 0.5 * np.abs(laws - laws[intended]).sum(axis=1)
    competes = (np.asarray(source.prior) > 0) & (np.arange(len(laws)) != intended)
    return float(distances[competes].min(initial=1.0))


def cases(preset: Preset) -> Sequence[Case[FiniteTask]]:
    task, mixed = language_task(), language_task(target_prior=[0.1, 0.0, 0.9])
    sizes = (4, 16) if preset == "quick" else (2, 4, 8, 16, 32, 64)
    path = [Case(f"three languages, n={n}", task, InContext(n)) for n in sizes]
    others = [
        Case("weak model mishears nothing, n=16", language_task(share=0.0), InContext(16)),
        Case("mixed target, ungrouped, n=16", mixed, InContext(16)),
        Case("weak model of another kind, n=16", accented_language_task(), InContext(16)),
        Case("tables, a fifth smoothed, n=16", table_task(share=0.2), InContext(16)),
        Case("right style, wrong content, n=16", style_content_task(), InContext(16)),
    ]
    longer = [
        Case("weak model of three states, n=16", hesitant_language_task(), InContext(16)),
        Case("cycles of three states, n=16", three_state_task(), InContext(16)),
        Case("weak model mishears a third, n=64", language_task(share=1.0 / 3.0), InContext(64)),
        Case("tables, a tenth shifted, n=16", table_task(shift=0.1), InContext(16)),
        Case("tables, mixed target, n=32", table_task(target_prior=[0.1, 0.0, 0.0, 0.9]), InContext(32)),
    ]
    return path + others + (longer if preset == "full" else [])


def relabelled_task() -> FiniteTask:
    """Return the task whose first language is the intended language with renamed hidden states."""
    source = languages(ALTERNATING, FORGETFUL, ALTERNATING, emission=np.stack([SOUNDS[::-1], SOUNDS, SOUNDS]))
    return FiniteTask(source, [0.0, 0.0, 1.0], language_task().supervisor)


def controls(preset: Preset) -> Sequence[Control]:
    believed = Case("three languages, n=16", language_task(), InContext(16))
    renamed = Case("two languages that are one, renamed", relabelled_task(), InContext(16))
    repeated = Case("one sequence, shown 16 times", language_task(), RepeatedDemonstration(16))
    return [
        Control(renamed, breaks="distinguishable concepts", believed=believed),
        Control(repeated, breaks="independent demonstrations"),
    ]


HMM_IDENTIFICATION = Statement(
    id="hmm-identification",
    kind="upper",
    title="Weak sequences identify a hidden Markov concept",
    summary=(
        "For concepts with finitely many outcomes, such as hidden Markov models over short sequences, the "
        "posterior after n weak demonstrations leaves the intended concept with a probability bounded by "
        "sums over the outcomes."
    ),
    formula=(
        r"\mathbb{E}\,[1-\pi_n(k^*)] \;\le\; \sum_{k\ne k^*}\,\min_{0\le s\le 1}\, "
        r"s^s(1-s)^{1-s}\Bigl(\frac{\alpha^P_k}{\alpha^P_{*}}\Bigr)^{s} "
        r"\Bigl(\sum_{o} q'(o)\,\Bigl(\frac{p_k(o)}{p_*(o)}\Bigr)^{s}\Bigr)^{n}"
    ),
    cases=cases,
    bound=bound,
    measure=FromWeakData(evaluate),
    assumptions=(
        Assumption("finitely many outcomes", lambda case: isinstance(case.task, FiniteTask)),
        Assumption("posterior of one context", lambda case: isinstance(case.estimator, ContextEstimator)),
        INDEPENDENT,
        Assumption(
            "a source prior that holds the intended concept",
            lambda case: float(case.task.source.prior[case.task.target_concept]) > 0,
        ),
        Assumption(
            "distinguishable concepts",
            lambda case: (
                nearest_competitor_distance(case.task.source, int(case.task.target_concept))
                > INDISTINGUISHABLE
            ),
        ),
    ),
    support=support,
    trivial=lambda case: 1.0,
    terms=terms,
    lemmas=HMM_IDENTIFICATION_LEMMAS,
    controls=controls,
    parameters=(
        Parameter.of(InContext, "num_demonstrations", "demonstrations n in context", 16, required=True),
        Parameter("grouped", bool, "all demonstrations share one draw of the concept", default=False),
    ),
    build_estimator=build_estimator,
    bounded_metric=FINITE_MISIDENTIFICATION,
    quantity="1 - posterior of the concept (probability)",
    plot_axis="num_demonstrations",
    reference="After Somerstep et al. 2025, arXiv 2405.16236; concepts of Xie et al. 2022, arXiv 2111.02080",
    page="theory/hmm-identification.md",
)
