"""Theorem anchor-identifiability: anchors and pairs of weak labels identify prior and weak channel."""

from collections.abc import Sequence
from typing import Any

import jax.numpy as jnp
from jaxtyping import Array, Float, Key

from w2s_sim.engine.measured import FromWeakData
from w2s_sim.estimators import AnchoredChannel, Estimator
from w2s_sim.statements.anchor_identifiability.anchored_tables import anchored_task
from w2s_sim.statements.anchor_identifiability.lemmas import ANCHOR_IDENTIFIABILITY_LEMMAS, anchored
from w2s_sim.statements.anchor_identifiability.views import FiniteCase, anchors_in, law_errors, weak_laws
from w2s_sim.statements.contract.case import Assumption, Control
from w2s_sim.statements.contract.parameters import Parameter
from w2s_sim.statements.contract.statement import Preset, Statement
from w2s_sim.statements.shared.double_precision import in_double
from w2s_sim.statements.shared.finite_outcomes import FINITE_OUTCOMES
from w2s_sim.tasks.finite_task import FiniteTask
from w2s_sim.tasks.task import WeakData

# Difference that counts as equal, as a share of the bound.
MARGIN = 0.04


def evaluate(key: Key[Array, ""], data: WeakData, case: FiniteCase) -> Float[Array, ""]:
    """Return sum_k ||q^_k - q'_k||^2, in squared probability."""
    assert isinstance(case.estimator, AnchoredChannel)
    fit = case.estimator.fitted(case.task.source, data)
    return jnp.sum((fit.laws - weak_laws(case.task)) ** 2)


def bound(case: FiniteCase) -> Float[Array, ""]:
    return jnp.sum(law_errors(case))


def terms(case: FiniteCase) -> dict[str, Float[Array, ""]]:
    """Return the summands of the bound, one per concept."""
    errors = law_errors(case)
    return {f"concept {k + 1}": errors[k] for k in range(case.task.num_concepts)}


def cases(preset: Preset) -> Sequence[FiniteCase]:
    sizes = (200, 800) if preset == "quick" else (20, 80, 200, 800, 3200)
    path = [anchored(f"anchored tables, n={size}", anchored_task(), size) for size in sizes]
    others = [
        anchored("a concept that is not wanted, n=200", anchored_task([0.5, 0.3, 0.2, 0.0]), 200),
        anchored("contexts of four, n=200", anchored_task(), 200, views=4),
    ]
    more = [anchored("one concept, ungrouped, n=60", anchored_task([0.0, 1.0, 0.0, 0.0]), 60, grouped=False)]
    return path + others + (more if preset == "full" else [])


def controls(preset: Preset) -> Sequence[Control]:
    return [
        Control(
            anchored("every label of another concept, n=200", anchored_task(), 200, grouped=False),
            breaks=ONE_CONCEPT.name,
        ),
        Control(
            anchored("weak labels blurred: no anchors, n=200", anchored_task(share=0.3), 200),
            breaks="anchors that the weak model keeps",
        ),
    ]


@in_double
def _anchors_are_kept(case: FiniteCase) -> bool:
    """Whether the weak model shows each anchor under its concept alone, of those that are wanted."""
    laws, wanted = weak_laws(case.task), case.task.target_prior > 0
    of_anchors = laws[:, anchors_in(case.task)]
    own = jnp.eye(len(laws), dtype=bool)
    shown_by_others = jnp.any((of_anchors > 0) & wanted[:, None] & ~own)
    return bool(~shown_by_others & jnp.all(jnp.diagonal(of_anchors)[wanted] > 0))


def build_estimator(numbers: dict[str, Any]) -> Estimator:
    return AnchoredChannel(num_weak=numbers["num_weak"], views=numbers["views"])


ONE_CONCEPT = Assumption(
    "contexts that share one concept",
    lambda case: bool(case.grouped or case.task.has_point_mass_target),
)
ANCHOR_IDENTIFIABILITY = Statement(
    id="anchor-identifiability",
    kind="equality",
    title="Anchors and pairs of weak labels identify the prior and the weak channel",
    summary=(
        "If each concept has an outcome that no other concept shows, then pairs of weak labels of one "
        "concept determine how often every concept is wanted and what the weak model makes of it, whatever "
        "that is; the estimate from N contexts has a mean squared error of order 1/N, stated exactly."
    ),
    formula=(
        r"\mathbb{E}\sum_k\lVert\hat q_k-q'_k\rVert^2=\sum_k\frac{1-\lVert q'_k\rVert^2}{c-1}\,"
        r"\mathbb{E}\Bigl[\frac{\mathbf 1\{N_k\ge1\}}{N_k}\Bigr]+(1-m_k)^N\lVert p_k-q'_k\rVert^2,\qquad "
        r"N_k\sim\mathrm{Bin}(N,m_k),\ m_k=\alpha^Q_k\,q'_k(a_k)"
    ),
    cases=cases,
    bound=bound,
    measure=FromWeakData(evaluate),
    margin=lambda case: MARGIN * float(bound(case)),
    support=lambda case: (0.0, 2.0 * case.task.num_concepts * float(bound(case) > 0)),
    assumptions=(
        FINITE_OUTCOMES,
        Assumption("estimates from anchors", lambda case: isinstance(case.estimator, AnchoredChannel)),
        ONE_CONCEPT,
        Assumption(
            "anchors that the weak model keeps",
            lambda case: isinstance(case.task, FiniteTask) and _anchors_are_kept(case),
        ),
    ),
    terms=terms,
    lemmas=ANCHOR_IDENTIFIABILITY_LEMMAS,
    controls=controls,
    parameters=(
        Parameter.of(AnchoredChannel, "num_weak", "weak pairs n", 200, required=True),
        Parameter.of(AnchoredChannel, "views", "pairs of one context, c", 2, default=2),
        Parameter("grouped", bool, "pairs of a context share one draw of the concept", True, default=True),
    ),
    build_estimator=build_estimator,
    quantity="squared error of the estimated weak laws (squared probability)",
    plot_axis="num_weak",
    reference="after Somerstep et al. 2025, arXiv 2508.17018",
    page="theory/anchor-identifiability.md",
)
