"""Theorem identification-rate: the exact exponent at which weak demonstrations identify a concept."""

import dataclasses
from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Key

from w2s_sim.estimators import ContextEstimator, Estimator, InContext
from w2s_sim.identification.moments import has_gaussian_moments
from w2s_sim.identification.rate import (
    has_interior_minimiser,
    identification_rate,
)
from w2s_sim.laws.features import Anisotropic, Gaussian
from w2s_sim.statements.contract.case import Assumption, Case, Control
from w2s_sim.statements.contract.functionals import Functional
from w2s_sim.statements.contract.parameters import Parameter
from w2s_sim.statements.contract.statement import Preset, Statement
from w2s_sim.statements.identification_rate.lemmas import IDENTIFICATION_RATE_LEMMAS
from w2s_sim.statements.shared.broken_learners import RepeatedDemonstration
from w2s_sim.statements.shared.finite_examples import (
    language_task,
    loaded_coin_task,
    style_content_task,
    table_task,
)
from w2s_sim.statements.shared.regression_examples import canonical, leaning_to_concept, noisy, two_concepts
from w2s_sim.statements.shared.tilted_slope import (
    MARGIN,
    is_long_enough,
    shows_no_lattice,
    slope_of_means,
    tilted_pair,
    tilted_slope,
)
from w2s_sim.tasks.finite_task import FiniteTask
from w2s_sim.tasks.regression_task import canonical_task

LATTICE = "log-odds on no lattice that shows"


def measure(key: Key[Array, ""], case: Case[Any]) -> Float[Array, "2"]:
    """Return replicates of E_n and E_2n: tilted and scaled for `InContext`, untilted for other estimators."""
    assert isinstance(case.estimator, ContextEstimator)
    size = case.estimator.num_demonstrations
    if isinstance(case.estimator, InContext):
        return tilted_pair(key, case.task, size)
    keys = jax.random.split(key)
    return jnp.stack([_naive(k, case, n) for k, n in zip(keys, (size, 2 * size), strict=True)])


def _naive(key: Key[Array, ""], case: Case, size: int) -> Float[Array, ""]:
    """Return 1 - pi_n(k*) of one context without tilting, for an estimator that errs often."""
    assert isinstance(case.estimator, ContextEstimator)
    estimator = dataclasses.replace(case.estimator, num_demonstrations=size)
    data = case.task.sample_weak(size, key=key)
    log_posterior = estimator.log_posterior(case.task.source, data)
    return -jnp.expm1(log_posterior[case.task.target_concept])


def functional(case: Case[Any]) -> Functional:
    """Return the functional that computes the slope between n and 2n demonstrations."""
    assert isinstance(case.estimator, ContextEstimator)
    size = case.estimator.num_demonstrations
    return tilted_slope(case.task, size) if isinstance(case.estimator, InContext) else slope_of_means(size)


def bound(case: Case[Any]) -> Float[Array, ""]:
    """Return I = min_k max_{0 <= s <= 1} -log m_k(s), in nats per demonstration."""
    return identification_rate(case.task)


def _judged(predicate: Callable[[Any, int, float], bool]) -> Callable[[Case[Any]], bool]:
    """Turn a predicate of (task, n, I) into one of a case; True if an earlier assumption already fails."""

    def holds(case: Case[Any]) -> bool:
        if not (_has_tilted_law(case) and _source_holds(case) and has_interior_minimiser(case.task)):
            return True
        assert isinstance(case.estimator, ContextEstimator)
        return predicate(case.task, case.estimator.num_demonstrations, float(identification_rate(case.task)))

    return holds


def cases(preset: Preset) -> Sequence[Case[Any]]:
    task = canonical_task()
    sizes = (64, 128) if preset == "quick" else (32, 64, 128, 256)
    near = Anisotropic(Gaussian(8), np.diag([0.5, 1.4, 1.4, 1.0, 0.8, 0.8, 1.2, 0.9]))
    mixed = canonical(target_prior=[0.05, 0.0, 0.0, 0.95])
    path = [Case(f"canonical, n={n}", task, InContext(n)) for n in sizes]
    others = [
        Case("no bias, n=128", canonical(bias=0.0), InContext(128)),
        Case("leans to a wrong concept, t=0.25, n=128", leaning_to_concept(0.25), InContext(128)),
        Case("mixed target, ungrouped, n=256", mixed, InContext(256)),
        Case("anisotropic features, n=128", canonical(features=near), InContext(128)),
        Case("categorical concepts, n=128", table_task(), InContext(128)),
    ]
    longer = [
        Case("K=2, uniform prior, n=128", two_concepts(), InContext(128)),
        Case("noisy, sigma'=0.8, n=64", noisy(0.8), InContext(64)),
        Case("right style, wrong content, n=128", style_content_task(), InContext(128)),
        Case("languages, smoothed, n=128", language_task(), InContext(128)),
        Case("no bias, n=32", canonical(bias=0.0), InContext(32)),
        Case("K=2, uniform prior, n=32", two_concepts(), InContext(32)),
    ]
    return path + others + (longer if preset == "full" else [])


def controls(preset: Preset) -> Sequence[Control]:
    repeated = Case("one demonstration, shown n times, n=32", canonical_task(), RepeatedDemonstration(32))
    # For sigma' < sigma / sqrt(2) the minimiser is s = 1: E_n lacks the factor n^(-1/2) of the correction.
    quiet = Case(
        "quiet weak labels: minimiser at s = 1, n=8", canonical(bias=0.0, weak_noise=0.2), InContext(8)
    )
    return [
        Control(repeated, breaks="independent demonstrations"),
        Control(quiet, breaks="minimiser inside (0, 1)"),
        Control(Case("two faces of a loaded coin, n=3", loaded_coin_task(), InContext(3)), breaks=LATTICE),
    ]


def build_estimator(numbers: dict[str, Any]) -> Estimator:
    return InContext(numbers["num_demonstrations"])


def _has_tilted_law(case: Case[Any]) -> bool:
    return isinstance(case.task, FiniteTask) or has_gaussian_moments(case.task)


def _source_holds(case: Case[Any]) -> bool:
    prior = np.asarray(case.task.source.prior)
    return bool(prior[int(case.task.target_concept)] > 0 and np.sum(prior > 0) > 1)


IDENTIFICATION_RATE = Statement(
    id="identification-rate",
    kind="rate",
    title="The exponent of identification is exact",
    summary=(
        "The strong model's posterior of the wrong concepts decays at exactly the Chernoff exponent: the "
        "bound of concept-identification cannot be improved exponentially."
    ),
    formula=(
        r"-\tfrac1n\log\mathbb{E}\,[1-\pi_n(k^*)] \;\longrightarrow\; "
        r"I=\min_{k\ne k^*}\,\max_{0\le s\le 1}\,-\log m_k(s)"
    ),
    cases=cases,
    bound=bound,
    measure=measure,
    functional=functional,
    assumptions=(
        Assumption("posterior of one context", lambda case: isinstance(case.estimator, ContextEstimator)),
        Assumption(
            "independent demonstrations",
            lambda case: (
                not isinstance(case.estimator, RepeatedDemonstration)
                and case.task.source.reads_independently
                and (not case.grouped or case.task.has_point_mass_target)
            ),
        ),
        Assumption("Gaussian features or finitely many outcomes", _has_tilted_law),
        Assumption("a source prior that holds the intended concept and another", _source_holds),
        Assumption("minimiser inside (0, 1)", lambda case: has_interior_minimiser(case.task)),
        Assumption("contexts long enough for the correction", _judged(is_long_enough)),
        Assumption(LATTICE, _judged(shows_no_lattice)),
    ),
    support=lambda case: (np.zeros(2), np.ones(2)),
    margin=lambda case: MARGIN * float(identification_rate(case.task)),
    lemmas=IDENTIFICATION_RATE_LEMMAS,
    controls=controls,
    parameters=(
        Parameter.of(InContext, "num_demonstrations", "n: the slope from n to 2n", 64, required=True),
        Parameter("grouped", bool, "all demonstrations share one draw of the concept", default=False),
    ),
    build_estimator=build_estimator,
    quantity="decay of 1 - posterior of the concept (nats per demonstration)",
    plot_axis="num_demonstrations",
    reference="Chernoff 1952; Bahadur & Rao 1960; setting of Somerstep et al. 2025, arXiv 2405.16236",
    page="theory/identification-rate.md",
)
