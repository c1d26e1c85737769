"""Theorem posterior-mean-gain: averaging gains the posterior variance, whatever the target is."""

from collections.abc import Sequence
from typing import Any

from jaxtyping import Array, Float

from w2s_sim.estimators import Estimator, PosteriorEnsemble
from w2s_sim.statements.contract.case import Assumption, Case, Control
from w2s_sim.statements.contract.parameters import Parameter
from w2s_sim.statements.contract.statement import Preset, Statement
from w2s_sim.statements.posterior_mean_gain.lemmas import (
    MEMBERS_ARE_DRAWN,
    MIXED_TARGET,
    POSTERIOR_MEAN_GAIN_LEMMAS,
)
from w2s_sim.statements.posterior_mean_gain.random_teachers import (
    MOST_TERMS,
    FiniteCase,
    mean_loss,
    num_terms,
    posterior_means,
    sampled_loss,
    squared_distance,
    variance_of_laws,
)
from w2s_sim.statements.shared.broken_learners import ModalEnsemble
from w2s_sim.statements.shared.finite_examples import language_task, table_task
from w2s_sim.statements.shared.finite_outcomes import FINITE_OUTCOMES
from w2s_sim.tasks.finite_task import FiniteTask

# Difference of two sums of probabilities that counts as equal: rounding.
ROUNDING = 1e-9


def loss(case: FiniteCase) -> Float[Array, ""]:
    """Return E ||f - average of m drawn laws||^2, in squared probability."""
    assert isinstance(case.estimator, PosteriorEnsemble)
    return sampled_loss(case, case.estimator.members, squared_distance)


def terms(case: FiniteCase) -> dict[str, Float[Array, ""]]:
    """Return the summands of the bound, in squared probability."""
    assert isinstance(case.estimator, PosteriorEnsemble)
    return {
        "loss of the posterior mean": mean_loss(case, posterior_means(case), squared_distance),
        "posterior variance": variance_of_laws(case) / case.estimator.members,
    }


def bound(case: FiniteCase) -> Float[Array, ""]:
    """Return E ||f - posterior mean||^2 + E[posterior variance] / m, in squared probability."""
    loss_of_mean, spread = terms(case).values()
    return loss_of_mean + spread


def cases(preset: Preset) -> Sequence[FiniteCase]:
    shifted = table_task(shift=0.3, target_prior=MIXED_TARGET)
    chosen = [
        Case("tables, labels shifted, n=2, one member", shifted, PosteriorEnsemble(2)),
        Case("tables, labels shifted, n=2, three members", shifted, PosteriorEnsemble(2, 3)),
        Case("tables, point-mass target, n=1, two members", table_task(), PosteriorEnsemble(1, 2)),
        Case("tables, labels blurred, n=3, one member", table_task(share=0.4), PosteriorEnsemble(3)),
    ]
    more = [
        Case("three languages, n=1, two members", language_task(), PosteriorEnsemble(1, 2)),
        Case("tables, labels shifted, n=4, two members", shifted, PosteriorEnsemble(4, 2)),
        Case("tables, labels shifted, n=1, six members", shifted, PosteriorEnsemble(1, 6)),
    ]
    return chosen + (more if preset == "full" else [])


def controls(preset: Preset) -> Sequence[Control]:
    task = table_task(shift=0.3, target_prior=MIXED_TARGET)
    case = Case("the most probable concept", task, ModalEnsemble(2))
    return [Control(case, breaks=MEMBERS_ARE_DRAWN.name)]


def build_estimator(numbers: dict[str, Any]) -> Estimator:
    return PosteriorEnsemble(numbers["num_demonstrations"], numbers["members"])


def _few_enough(case: Case[Any]) -> bool:
    if not (isinstance(case.task, FiniteTask) and isinstance(case.estimator, PosteriorEnsemble)):
        # Another assumption fails already and is reported instead.
        return True
    return num_terms(case, case.estimator.members) <= MOST_TERMS


POSTERIOR_MEAN_GAIN = Statement(
    id="posterior-mean-gain",
    kind="equality",
    title="Averaging gains the posterior variance, whatever the target is",
    summary=(
        "Labels of one concept drawn from the posterior cost more than labels of the posterior mean, by "
        "exactly the posterior variance; an ensemble of m members still pays one m-th of it. The gain does "
        "not depend on the target, so that it is known without any true label."
    ),
    formula=(
        r"\mathbb{E}\,\Bigl\lVert\tfrac1m\sum_{i\le m}p_{k_i}-f\Bigr\rVert^2="
        r"\mathbb{E}\,\lVert\bar p_n-f\rVert^2+\frac1m\,\mathbb{E}\sum_k\pi_n(k)\lVert p_k-\bar p_n\rVert^2,"
        r"\qquad k_1,\dots,k_m\sim\pi_n"
    ),
    cases=cases,
    bound=bound,
    exact=loss,
    margin=lambda case: ROUNDING,
    assumptions=(
        FINITE_OUTCOMES,
        MEMBERS_ARE_DRAWN,
        Assumption("few enough contexts to enumerate", _few_enough),
    ),
    terms=terms,
    lemmas=POSTERIOR_MEAN_GAIN_LEMMAS,
    controls=controls,
    parameters=(
        Parameter.of(PosteriorEnsemble, "num_demonstrations", "demonstrations n", 2, required=True),
        Parameter.of(PosteriorEnsemble, "members", "members m of the ensemble", 1, default=1),
    ),
    build_estimator=build_estimator,
    quantity="squared distance from the target's law (squared probability)",
    plot_axis="members",
    reference="after Xu, Yao, Wang & Liu 2025, arXiv 2505.24313",
    page="theory/posterior-mean-gain.md",
)
