"""em-refinement: iterated refinement is EM for the prior, and finds the weak labels' law at rate 1/T."""

from collections.abc import Sequence
from typing import Any

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from w2s_sim.estimators import Estimator
from w2s_sim.estimators.iterated_refinement import IteratedRefinement
from w2s_sim.finite_task import FiniteTask
from w2s_sim.statements.case import Assumption, Case, Control
from w2s_sim.statements.em_refinement_lemmas import EM_REFINEMENT_LEMMAS
from w2s_sim.statements.finite_examples import language_task, matched, table_task
from w2s_sim.statements.parameters import Parameter
from w2s_sim.statements.population import (
    FAR_PRIOR,
    MIXED_TARGET,
    misfit,
    prior_divergence,
    refined,
    refined_prior,
)
from w2s_sim.statements.statement import Preset, Statement

# Laws that differ by less than float32 rounding are one.
SAME_LAW = 1e-6


def exact(case: Case[FiniteTask]) -> Float[Array, ""]:
    """KL(Q' || Q'_{alpha_T}) in nats."""
    return misfit(case.task, refined_prior(case))


def bound(case: Case[FiniteTask]) -> Float[Array, ""]:
    """KL(alpha^Q || alpha^P) / T in nats."""
    return prior_divergence(case.task) / jnp.asarray(_rounds(case), dtype=float)


def _rounds(case: Case[Any]) -> int:
    assert isinstance(case.estimator, IteratedRefinement)
    return case.estimator.rounds


def _describes_weak_labels(case: Case[Any]) -> bool:
    """Whether the strong model's concepts, under the target prior, have the law of the weak labels."""
    if not isinstance(case.task, FiniteTask):
        return False
    laws = jnp.exp(case.task.source.log_outcome_probabilities())
    gap = np.asarray(case.task.target_prior @ laws - case.task.weak_law)
    return bool(np.abs(gap).max() < SAME_LAW)


def cases(preset: Preset) -> Sequence[Case[FiniteTask]]:
    task, blurred = table_task(), matched(table_task(share=0.6))
    rounds = (1, 4, 16, 64) if preset == "quick" else (1, 2, 4, 8, 16, 32, 64, 256, 1024)
    far = table_task(source_prior=FAR_PRIOR)
    even = table_task(source_prior=[0.25] * 4, target_prior=MIXED_TARGET)
    path = [refined(f"blurred tables, T={count}", blurred, count) for count in rounds]
    others = [
        refined("tables, T=4", task, 4),
        refined("source prior far from the target, T=4", far, 4),
        refined("mixed target, T=16", even, 16),
        refined("three languages, T=16", matched(language_task(share=0.3)), 16),
        refined(
            "three languages, mixed target, T=4", language_task(share=0.0, target_prior=[0.1, 0.0, 0.9]), 4
        ),
    ]
    longer = [
        refined(f"source prior far from the target, T={count}", far, count) for count in (8, 16, 64)
    ] + [
        refined(f"three languages, T={count}", matched(language_task(share=0.3)), count) for count in (4, 256)
    ]
    return path + others + (longer if preset == "full" else [])


def controls(preset: Preset) -> Sequence[Control]:
    noisy = refined("weak labels noisier than the channel says, T=64", language_task(share=0.3), 64)
    biased = refined("weak labels shifted, T=1024", table_task(shift=0.3), 1024)
    broken = "a channel that describes the weak labels"
    return [Control(noisy, breaks=broken)] + ([] if preset == "quick" else [Control(biased, breaks=broken)])


def build_estimator(numbers: dict[str, Any]) -> Estimator:
    # The statement is about the population: the size of a sample does not matter.
    return IteratedRefinement(numbers["rounds"], num_weak=1000)


EM_REFINEMENT = Statement(
    id="em-refinement",
    kind="upper",
    title="Iterated refinement finds the law of the weak labels",
    summary=(
        "Rounds of refinement, each started from the prior that the last one found, are EM for the concept "
        "prior: after T rounds the model's law of weak labels is within KL(target prior || source prior) / T "
        "of the truth."
    ),
    formula=(
        r"\mathrm{KL}\bigl(Q' \,\Vert\, Q'_{\alpha_T}\bigr) \;\le\; "
        r"\frac{\mathrm{KL}(\alpha^Q \,\Vert\, \alpha^P)}{T}"
    ),
    cases=cases,
    bound=bound,
    exact=exact,
    assumptions=(
        Assumption("iterated refinement", lambda case: isinstance(case.estimator, IteratedRefinement)),
        Assumption("finite outcomes", lambda case: isinstance(case.task, FiniteTask)),
        Assumption("a channel that describes the weak labels", _describes_weak_labels),
        Assumption(
            "a source prior that covers the target",
            lambda case: bool(
                np.all(np.asarray(case.task.source.prior)[np.asarray(case.task.target_prior) > 0] > 0)
            ),
        ),
    ),
    trivial=lambda case: prior_divergence(case.task),
    lemmas=EM_REFINEMENT_LEMMAS,
    controls=controls,
    parameters=(Parameter("rounds", int, "rounds of refinement T", example=16, required=True, low=1),),
    build_estimator=build_estimator,
    quantity="divergence of the weak labels' law from the model's (nats)",
    plot_axis="rounds",
    reference="After Somerstep et al. 2025, arXiv 2508.17018; EM for mixture weights, Dempster et al. 1977",
    page="theory/em-refinement.md",
)
