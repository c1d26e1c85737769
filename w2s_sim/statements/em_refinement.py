"""em-refinement: iterated refinement recovers the weak law, and the target prior with it, at rate 1/T."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from jaxtyping import Array, Float

from w2s_sim.concepts.finite import smoothed
from w2s_sim.estimators import Estimator, IteratedRefinement
from w2s_sim.finite_task import FiniteTask
from w2s_sim.statements.case import Case, Control
from w2s_sim.statements.em_geometry import kullback_leibler, refinement_path
from w2s_sim.statements.em_refinement_lemmas import (
    CHANNEL_IS_KNOWN,
    EM_REFINEMENT_LEMMAS,
    FINITE_OUTCOMES,
    SOURCE_COVERS_TARGET,
    iterated,
    rounds_of,
)
from w2s_sim.statements.finite_examples import (
    categorical_model,
    hidden_markov_model,
    well_described,
)
from w2s_sim.statements.parameters import Parameter
from w2s_sim.statements.statement import Preset, Statement

MIXED, FAR = [0.1, 0.2, 0.3, 0.4], [0.9, 0.05, 0.04, 0.01]


def divergence(case: Case[FiniteTask]) -> Float[Array, ""]:
    """KL(Q' || Q'_T) after T rounds, in nats."""
    return refinement_path(case.task, rounds_of(case)).to_weak_law[-1]


def bound(case: Case[FiniteTask]) -> Float[Array, ""]:
    """KL(alpha^Q || alpha^P) / (T + 1), in nats."""
    return trivial(case) / (rounds_of(case) + 1)


def trivial(case: Case[FiniteTask]) -> Float[Array, ""]:
    """KL(alpha^Q || alpha^P): mixing with the same components cannot tell priors further apart."""
    return kullback_leibler(case.task.target_prior, case.task.source.prior)


def cases(preset: Preset) -> Sequence[Case[FiniteTask]]:
    categorical = well_described(categorical_model(0, [0.25] * 4), MIXED)
    far = well_described(categorical_model(1, FAR), MIXED)
    point = well_described(categorical_model(2, [0.5, 0.25, 0.15, 0.1]), [0.0, 0.0, 0.0, 1.0])
    blurred = well_described(smoothed(categorical_model(0, FAR), 0.5), MIXED)
    sharp = well_described(categorical_model(3, FAR, concentration=0.1), [0.0, 0.0, 0.5, 0.5])
    languages = well_described(hidden_markov_model(0, [0.6, 0.3, 0.1]), [0.1, 0.2, 0.7])
    path = [iterated(f"far source, T={rounds}", far, rounds) for rounds in (1, 2, 4, 16, 64, 256)]
    others = [
        iterated("uniform source, T=4", categorical, 4),
        iterated("point-mass target, T=4", point, 4),
        iterated("point-mass target, T=64", point, 64),
        iterated("labels blurred by half, and known to be, T=16", blurred, 16),
        iterated("sharp tables, T=1", sharp, 1),
        iterated("hidden Markov concepts, T=4", languages, 4),
        iterated("hidden Markov concepts, T=64", languages, 64),
    ]
    count = 3 if preset == "quick" else 30
    drawn = [iterated(f"random task {seed}, T=3", _random_task(seed), 3) for seed in range(count)]
    return path + others + drawn


def _random_task(seed: int) -> FiniteTask:
    generator = np.random.default_rng([seed, 1])
    source, target = generator.dirichlet(np.full(4, 0.5), 2) * 0.98 + 0.005
    return well_described(categorical_model(10 + seed, source.tolist(), concentration=0.3), target.tolist())


def controls(preset: Preset) -> Sequence[Control]:
    strong = categorical_model(1, FAR)
    misread = FiniteTask(strong, MIXED, smoothed(strong, 0.5))
    uncovered = well_described(categorical_model(1, [0.6, 0.4, 0.0, 0.0]), MIXED)
    return [
        Control(
            iterated("labels blurred by half, unknown to the reader", misread, 4096), CHANNEL_IS_KNOWN.name
        ),
        Control(
            iterated("a source that excludes two concepts", uncovered, 64),
            SOURCE_COVERS_TARGET.name,
            believed=iterated("a far source", well_described(strong, MIXED), 64),
        ),
    ]


def build_estimator(numbers: dict[str, Any]) -> Estimator:
    return IteratedRefinement(numbers["rounds"], num_weak=1)


EM_REFINEMENT = Statement(
    id="em-refinement",
    kind="upper",
    title="Iterated refinement recovers the weak law at rate 1/T",
    summary=(
        "Refining labels again and again, with the prior that the last round left, is "
        "expectation-maximisation for the concept prior: after T rounds the strong model explains the weak "
        "labels to within KL/(T+1)."
    ),
    formula=(
        r"\mathrm{KL}\bigl(Q'\,\Vert\,Q'_{\alpha_T}\bigr)\;\le\;"
        r"\frac{\mathrm{KL}(\alpha^Q\,\Vert\,\alpha^P)}{T+1}"
    ),
    cases=cases,
    bound=bound,
    exact=divergence,
    assumptions=(FINITE_OUTCOMES, CHANNEL_IS_KNOWN, SOURCE_COVERS_TARGET),
    trivial=trivial,
    lemmas=EM_REFINEMENT_LEMMAS,
    controls=controls,
    parameters=(Parameter("rounds", int, "rounds of refinement T", example=16, required=True, low=1),),
    build_estimator=build_estimator,
    quantity="divergence of the weak law from its account (nats)",
    plot_axis="rounds",
    reference="after Somerstep et al. 2025, arXiv 2405.16236; EM after Dempster, Laird & Rubin 1977",
    page="theory/em-refinement.md",
)
