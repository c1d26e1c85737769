"""Theorem em-refinement: iterated refinement is EM for the prior, and fits the weak law at rate 1/T."""

from collections.abc import Sequence
from typing import Any

from jaxtyping import Array, Float

from w2s_sim.estimators import Estimator, IteratedRefinement
from w2s_sim.statements.contract.case import Assumption, Case, Control
from w2s_sim.statements.contract.parameters import Parameter
from w2s_sim.statements.contract.statement import Preset, Statement
from w2s_sim.statements.em_refinement.lemmas import (
    CHANNEL_IS_KNOWN,
    EM_REFINEMENT_LEMMAS,
    FAR_PRIOR,
    MIXED_TARGET,
    NUM_WEAK,
    bound_after,
    iterated,
    misfit,
    rounds_of,
)
from w2s_sim.statements.shared.finite_examples import (
    coin_task,
    language_task,
    matched,
    random_tables,
    style_content_task,
    table_task,
    well_described,
)
from w2s_sim.statements.shared.finite_outcomes import FINITE_OUTCOMES, SOURCE_COVERS_TARGET
from w2s_sim.tasks.finite_task import FiniteTask


def bound(case: Case[FiniteTask]) -> Float[Array, ""]:
    """Return KL(alpha^Q || alpha^P) / (T + 1) in nats, corrected for rounding of the weak law."""
    return bound_after(case, rounds_of(case))


def cases(preset: Preset) -> Sequence[Case[FiniteTask]]:
    blurred = matched(table_task(share=0.6))
    far = table_task(source_prior=FAR_PRIOR)
    even = table_task(source_prior=[0.25] * 4, target_prior=MIXED_TARGET)
    languages = matched(language_task(share=0.3))
    styles = matched(style_content_task(target_prior=[0.1, 0.0, 0.7, 0.2]))
    rounds = (1, 4, 16, 64) if preset == "quick" else (1, 2, 4, 8, 16, 32, 64, 256, 1024)
    path = [iterated(f"tables, T={count}", table_task(), count) for count in rounds]
    others = [
        iterated("labels blurred, and known to be, T=32", blurred, 32),
        iterated("source prior far from the target, T=4", far, 4),
        iterated("mixed target, T=16", even, 16),
        iterated("styles and contents, T=16", styles, 16),
        iterated("three languages, T=16", languages, 16),
        iterated("a two-headed coin, T=64", coin_task(70), 64),
    ]
    longer = [
        iterated("three languages, T=256", languages, 256),
        iterated(
            "three languages, mixed target, T=4", language_task(share=0.0, target_prior=[0.1, 0.0, 0.9]), 4
        ),
        *[iterated(f"source prior far from the target, T={count}", far, count) for count in (1, 8, 64)],
    ]
    count = 2 if preset == "quick" else 30
    drawn = [iterated(f"random tables {seed}, T=3", random_task(seed), 3) for seed in range(count)]
    return path + others + drawn + (longer if preset == "full" else [])


def random_task(seed: int) -> FiniteTask:
    """Return a task with random tables and priors, determined by the seed."""
    model, target_prior = random_tables(seed)
    return well_described(model, target_prior)


def controls(preset: Preset) -> Sequence[Control]:
    strong = table_task(target_prior=MIXED_TARGET)
    excluded = table_task(source_prior=[0.6, 0.4, 0.0, 0.0], target_prior=MIXED_TARGET)
    languages, shifted = language_task(share=0.3), table_task(shift=0.3)
    noisy = Control(
        iterated("weak labels noisier than the channel says, T=64", languages, 64),
        CHANNEL_IS_KNOWN.name,
        believed=iterated("languages as the strong model knows them, T=64", language_task(share=0.0), 64),
    )
    biased = Control(
        iterated("weak labels shifted, T=1024", shifted, 1024),
        CHANNEL_IS_KNOWN.name,
        believed=iterated("labels not shifted, T=1024", table_task(), 1024),
    )
    uncovered = Control(
        iterated("a source that excludes two concepts, T=64", excluded, 64),
        SOURCE_COVERS_TARGET.name,
        believed=iterated("the usual source, T=64", strong, 64),
    )
    return [noisy, uncovered] if preset == "quick" else [noisy, biased, uncovered]


def build_estimator(numbers: dict[str, Any]) -> Estimator:
    return IteratedRefinement(numbers["rounds"], num_weak=NUM_WEAK)


EM_REFINEMENT = Statement(
    id="em-refinement",
    kind="upper",
    title="Iterated refinement finds the law of the weak labels",
    summary=(
        "Rounds of refinement, each started from the prior that the last one found, are "
        "expectation-maximisation for the concept prior: after T rounds the strong model explains the weak "
        "labels to within KL(target prior || source prior) / (T + 1)."
    ),
    formula=(
        r"\mathrm{KL}\bigl(Q'\,\Vert\,Q'_{\alpha_T}\bigr)\;\le\;"
        r"\frac{\mathrm{KL}(\alpha^Q\,\Vert\,\alpha^P)}{T+1}"
    ),
    cases=cases,
    bound=bound,
    exact=misfit,
    assumptions=(
        Assumption("iterated refinement", lambda case: isinstance(case.estimator, IteratedRefinement)),
        FINITE_OUTCOMES,
        CHANNEL_IS_KNOWN,
        SOURCE_COVERS_TARGET,
    ),
    trivial=lambda case: bound_after(case, 0),
    lemmas=EM_REFINEMENT_LEMMAS,
    controls=controls,
    parameters=(Parameter.of(IteratedRefinement, "rounds", "rounds of refinement T", 16, required=True),),
    build_estimator=build_estimator,
    quantity="divergence of the weak law from its account (nats)",
    plot_axis="rounds",
    reference="after Somerstep et al. 2025, arXiv 2508.17018; EM after Dempster, Laird & Rubin 1977",
    page="theory/em-refinement.md",
)
