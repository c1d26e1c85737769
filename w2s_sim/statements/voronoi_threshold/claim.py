"""Theorem voronoi-threshold: refinement succeeds iff the weak concept lies in the right Voronoi cell."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from jaxtyping import Array, Float, Key

from w2s_sim.estimators import Estimator, InContext
from w2s_sim.identification.moments import has_gaussian_moments
from w2s_sim.identification.voronoi import (
    is_off_the_border,
    losers,
    nearest_losers_are_inside,
    no_third_concept_interferes,
    seen_from_winner,
    voronoi_rate,
)
from w2s_sim.statements.contract.case import Assumption, Case, Control
from w2s_sim.statements.contract.functionals import Functional
from w2s_sim.statements.contract.parameters import Parameter
from w2s_sim.statements.contract.statement import Preset, Statement
from w2s_sim.statements.shared.point_mass import POINT_MASS
from w2s_sim.statements.shared.regression_examples import canonical
from w2s_sim.statements.shared.tilted_slope import MARGIN, is_long_enough, tilted_pair, tilted_slope
from w2s_sim.statements.voronoi_threshold.lemmas import VORONOI_THRESHOLD_LEMMAS
from w2s_sim.statements.voronoi_threshold.placed_weak_concept import weak_concept_at


def measure(key: Key[Array, ""], case: Case) -> Float[Array, "2"]:
    """Return scaled replicates of the losers' posterior mass after n and after 2n demonstrations."""
    return tilted_pair(key, seen_from_winner(case.task), case.estimator.sample_size, losers(case.task))


def functional(case: Case) -> Functional:
    """Return the functional that computes the slope between n and 2n demonstrations."""
    return tilted_slope(seen_from_winner(case.task), case.estimator.sample_size, losers(case.task))


def bound(case: Case) -> Float[Array, ""]:
    """Return min over losers of (1/2) log(1 + delta^2 (1-2t)^2 / (4 sigma_eff^2)), nats per demonstration."""
    return voronoi_rate(case.task)


def _source_holds_both(case: Case) -> bool:
    known = np.asarray(case.task.source.prior) > 0
    return bool(known[int(case.task.target_concept)] and np.any(np.asarray(losers(case.task)) & known))


def _is_resolved(case: Case) -> bool:
    task = case.task
    is_inside = has_gaussian_moments(task) and nearest_losers_are_inside(task)
    if not (task.has_point_mass_target and _source_holds_both(case) and is_inside):
        # Another assumption fails already and is reported instead.
        return True
    size = case.estimator.sample_size
    return is_long_enough(seen_from_winner(task), size, float(voronoi_rate(task)), losers(task))


def cases(preset: Preset) -> Sequence[Case]:
    stretched = np.diag([1.5, 1.0, 1.0, 0.6, 1.0, 1.0, 1.0, 1.2])
    inside = [Case(f"t={t:g}, n=128", weak_concept_at(t), InContext(128)) for t in (0.1, 0.25)]
    outside = [Case(f"t={t:g}, n=128", weak_concept_at(t), InContext(128)) for t in (0.75, 0.9)]
    near = [Case(f"t={t:g}, n=512", weak_concept_at(t), InContext(512)) for t in (0.4, 0.6)]
    others = [
        Case("t=0.8, bias 0.4 across, n=128", weak_concept_at(0.8, across=0.4), InContext(128)),
        Case("t=0.8, anisotropic features, n=128", weak_concept_at(0.8, factor=stretched), InContext(128)),
    ]
    longer = [
        Case("t=0, n=128", weak_concept_at(0.0), InContext(128)),
        Case("t=1, n=128", weak_concept_at(1.0), InContext(128)),
        Case("t=0.1, n=512", weak_concept_at(0.1), InContext(512)),
        Case("t=0.1, n=64", weak_concept_at(0.1), InContext(64)),
        Case("t=0.1, n=256", weak_concept_at(0.1), InContext(256)),
        Case("t=0.25, bias 0.4 across, n=128", weak_concept_at(0.25, across=0.4), InContext(128)),
    ]
    return inside + outside + near + others + (longer if preset == "full" else [])


def controls(preset: Preset) -> Sequence[Control]:
    quiet = Case("quiet weak labels: s > 1, n=128", canonical(bias=0.0, weak_noise=0.2), InContext(128))
    mixed = canonical(bias=0.0, target_prior=[0.05, 0.0, 0.0, 0.95])
    return [
        Control(quiet, breaks="minimiser at most 1"),
        Control(Case("mixed target, n=128", mixed, InContext(128)), breaks="point-mass target"),
    ]


def build_estimator(numbers: dict[str, Any]) -> Estimator:
    return InContext(numbers["num_demonstrations"])


VORONOI_THRESHOLD = Statement(
    id="voronoi-threshold",
    kind="rate",
    title="Refinement switches at the border of the Voronoi cell",
    summary=(
        "The posterior settles on the concept nearest to the weak model's. Inside the right Voronoi cell the "
        "wrong concepts die out, outside the right one does, at mirrored rates that vanish at the border."
    ),
    formula=(
        r"-\tfrac1n\log\mathbb{E}\,\pi_n(\text{losers}) \;\longrightarrow\; "
        r"\min_{k}\,\tfrac12\log\Bigl(1+\frac{\delta^2(1-2t)^2}{4\sigma_{\mathrm{eff}}^2}\Bigr)"
    ),
    cases=cases,
    bound=bound,
    measure=measure,
    functional=functional,
    assumptions=(
        Assumption("posterior of one context", lambda case: isinstance(case.estimator, InContext)),
        POINT_MASS,
        Assumption("Gaussian features", lambda case: has_gaussian_moments(case.task)),
        Assumption("a source prior that holds the intended concept and a loser", _source_holds_both),
        Assumption("weak concept off the border", lambda case: is_off_the_border(case.task)),
        Assumption("minimiser at most 1", lambda case: nearest_losers_are_inside(case.task)),
        Assumption("no third concept interferes", lambda case: no_third_concept_interferes(case.task)),
        Assumption("contexts long enough for the correction", _is_resolved),
    ),
    support=lambda case: (np.zeros(2), np.ones(2)),
    margin=lambda case: MARGIN * float(voronoi_rate(case.task)),
    lemmas=VORONOI_THRESHOLD_LEMMAS,
    controls=controls,
    parameters=(
        Parameter.of(InContext, "num_demonstrations", "n: the slope from n to 2n", 128, required=True),
        Parameter("grouped", bool, "all demonstrations share one draw of the concept", default=False),
    ),
    build_estimator=build_estimator,
    quantity="decay of the losers' posterior (nats per demonstration)",
    plot_axis="num_demonstrations",
    reference="Derived for this project; setting of Somerstep et al. 2025, arXiv 2405.16236",
    page="theory/voronoi-threshold.md",
)
