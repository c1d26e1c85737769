"""Theorem grouped-transfer: contexts that each show one concept transfer a whole mixed prior."""

from collections.abc import Sequence
from typing import Any

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Key

from w2s_sim.engine.measured import FromWeakData
from w2s_sim.estimators import ContextEstimator, Estimator, InContext
from w2s_sim.identification import quadrature_is_resolved
from w2s_sim.statements.contract.case import Assumption, Case, Control
from w2s_sim.statements.contract.functionals import L1_NORM
from w2s_sim.statements.contract.parameters import Parameter
from w2s_sim.statements.contract.statement import Preset, Statement
from w2s_sim.statements.grouped_transfer.lemmas import (
    GROUPED_TRANSFER_LEMMAS,
    SHARED_CONCEPT,
    posterior,
    skewed,
    transfer_bound,
)
from w2s_sim.statements.shared.broken_learners import RepeatedDemonstration
from w2s_sim.statements.shared.finite_examples import language_task, style_content_task, table_task
from w2s_sim.statements.shared.grouped_terms import transfer_terms, with_target
from w2s_sim.statements.shared.refinement_terms import num_demonstrations
from w2s_sim.statements.shared.regression_examples import canonical, noisy, polynomial_features
from w2s_sim.tasks.regression_task import TransferTask, regression_task
from w2s_sim.tasks.supervisors import RegressionSupervisor
from w2s_sim.tasks.task import WeakData


def evaluate(key: Key[Array, ""], data: WeakData, case: Case) -> Float[Array, " K"]:
    """Return pi_n - alpha^Q of one context."""
    return posterior(case, data) - case.task.target_prior


def terms(case: Case) -> dict[str, Float[Array, ""]]:
    """Return the summands of the bound, one per concept."""
    parts = transfer_terms(case)
    return {f"concept {k + 1}": parts[k] for k in range(case.task.num_concepts)}


def _moments_are_resolved(case: Case) -> bool:
    task, size = case.task, num_demonstrations(case)
    shown = np.flatnonzero(np.asarray(task.target_prior) > 0)
    masses = jnp.eye(task.num_concepts)
    return all(quadrature_is_resolved(with_target(task, masses[k]), size) for k in shown)


def leaning() -> TransferTask:
    """Return the task in which every weak concept lies a quarter of the way to the next concept."""
    vectors = 0.75 * np.eye(4, 8) + 0.25 * np.roll(np.eye(4, 8), 1, axis=0)
    return canonical(target_prior=[0.1, 0.2, 0.3, 0.4], supervisor=RegressionSupervisor(vectors, 0.5))


def cases(preset: Preset) -> Sequence[Case]:
    pair = regression_task(8, 2, source_prior=[0.9, 0.1], target_prior=[0.3, 0.7])
    sure = canonical(target_prior=[0.0, 0.0, 0.0, 1.0])
    half = canonical(target_prior=[0.4, 0.0, 0.0, 0.6])
    unbiased = canonical(target_prior=[0.1, 0.2, 0.3, 0.4], supervisor=noisy(0.5).supervisor)
    chosen = [
        ("skewed target, n=4", skewed(), 4),
        ("skewed target, n=8", skewed(), 8),
        ("two of four concepts, n=8", half, 8),
        ("even target, n=8", canonical(target_prior=[0.25] * 4), 8),
        ("noisy weak model, n=4", unbiased, 4),
        ("weak concepts lean to one another, n=8", leaning(), 8),
        ("point mass, n=8", sure, 8),
        ("K=2, n=4", pair, 4),
        ("tables, a fifth smoothed, n=16", table_task(target_prior=[0.1, 0.2, 0.3, 0.4], share=0.2), 16),
        ("two styles, wrong content, n=6", style_content_task(target_prior=[0.3, 0.0, 0.7, 0.0]), 6),
    ]
    longer = [
        ("skewed target, n=12", skewed(), 12),
        ("skewed target, n=16", skewed(), 16),
        ("bias 1.4, n=32", canonical(target_prior=[0.1, 0.2, 0.3, 0.4], bias=1.4), 32),
        ("uniform features, n=8", canonical(target_prior=[0.1, 0.2, 0.3, 0.4], features="uniform"), 8),
        ("rademacher features, n=8", canonical(target_prior=[0.1, 0.2, 0.3, 0.4], features="rademacher"), 8),
        ("rare concept, n=12", canonical(target_prior=[0.96, 0.02, 0.01, 0.01]), 12),
        ("K=2, n=12", pair, 12),
        ("languages, n=16", language_task(target_prior=[0.5, 0.0, 0.5]), 16),
        ("polynomial features, n=8", with_target(polynomial_features(), jnp.full(3, 1.0 / 3.0)), 8),
    ]
    tasks = chosen + (longer if preset == "full" else [])
    return [Case(name, task, InContext(n), grouped=True) for name, task, n in tasks]


def controls(preset: Preset) -> Sequence[Control]:
    fifth = canonical(target_prior=[0.2, 0.0, 0.0, 0.8])
    repeated = RepeatedDemonstration(32)
    return [
        Control(Case("ungrouped demonstrations, n=32", fifth, InContext(32)), breaks=SHARED_CONCEPT.name),
        Control(
            Case("one demonstration, shown 32 times", skewed(), repeated, grouped=True),
            breaks="independent demonstrations",
        ),
    ]


def build_estimator(numbers: dict[str, Any]) -> Estimator:
    return InContext(numbers["num_demonstrations"])


GROUPED_TRANSFER = Statement(
    id="grouped-transfer",
    kind="upper",
    title="Grouped contexts transfer the whole prior",
    summary=(
        "If all demonstrations of a context show one concept, each context identifies its own, and the "
        "posterior averaged over contexts recovers the target prior, whatever the source prior was."
    ),
    formula=(
        r"\lVert\mathbb{E}\,\pi_n-\alpha^Q\rVert_1 \;\le\; "
        r"2\max_A\sum_{j\notin A}\alpha^Q_j\min\Bigl\{1,\sum_{k\in A}C_{jk}(n)\Bigr\}"
    ),
    cases=cases,
    bound=transfer_bound,
    measure=FromWeakData(evaluate),
    functional=L1_NORM,
    assumptions=(
        Assumption("posterior of one context", lambda case: isinstance(case.estimator, ContextEstimator)),
        SHARED_CONCEPT,
        Assumption(
            "independent demonstrations",
            lambda case: not isinstance(case.estimator, RepeatedDemonstration),
        ),
        Assumption("moments resolved by quadrature", _moments_are_resolved),
    ),
    support=lambda case: (-case.task.target_prior, 1.0 - case.task.target_prior),
    trivial=lambda case: 2.0,
    terms=terms,
    lemmas=GROUPED_TRANSFER_LEMMAS,
    controls=controls,
    parameters=(
        Parameter.of(InContext, "num_demonstrations", "demonstrations n in context", 16, required=True),
        Parameter(
            "grouped",
            bool,
            "all demonstrations share one draw of the concept",
            example=True,
            default=True,
        ),
    ),
    build_estimator=build_estimator,
    quantity="distance of the mean posterior from the target prior (L1)",
    plot_axis="num_demonstrations",
    reference="After Somerstep et al. 2025, arXiv 2405.16236 (transfer of a latent concept prior)",
    page="theory/grouped-transfer.md",
)
