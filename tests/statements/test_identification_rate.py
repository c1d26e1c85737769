"""identification-rate: exponents by hand, the expansion in n, the slope against quadrature, and power."""

from collections.abc import Callable
from typing import Any

import jax.numpy as jnp
import numpy as np
import pytest
from scipy.stats import binom

from w2s_sim.estimators import InContext
from w2s_sim.identification.rate import (
    has_interior_minimiser,
    identification_exponents,
    identification_rate,
    sharp_log_misidentification,
)
from w2s_sim.identification.two_concepts import misidentification_of_two_concepts
from w2s_sim.statements import Case
from w2s_sim.statements.identification_rate.claim import IDENTIFICATION_RATE
from w2s_sim.statements.identification_rate.lemmas import IDENTIFICATION_RATE_LEMMAS
from w2s_sim.statements.shared.finite_examples import loaded_coin_task
from w2s_sim.statements.shared.regression_examples import canonical, leaning_to_concept, two_concepts
from w2s_sim.statements.shared.tilted_slope import slope_of_means
from w2s_sim.tasks.regression_task import TransferTask, canonical_task, regression_task
from w2s_sim.tasks.supervisors import RegressionSupervisor
from w2s_sim.verify import Settings
from w2s_sim.verify.case_check import check_case, check_control

SETTINGS = Settings()
ALPHA = 1e-5


@pytest.mark.parametrize(
    ("build", "expected"),
    [
        # -log m(s) = (1/2) log(1 + 8 s - c s^2), largest at s = 4/c: c = 32 q with q = 0.74, and q = 0.25.
        (canonical_task, 0.5 * np.log(1.0 + 16.0 / 23.68)),
        (lambda: canonical(bias=0.0), 0.5 * np.log(1.0 + 16.0 / 8.0)),
        (two_concepts, 0.5 * np.log(1.0 + 16.0 / 23.68)),
        # A quarter of the way to another concept: 1 + 4 s - 8 s^2.
        (lambda: leaning_to_concept(0.25), 0.5 * np.log(1.5)),
        # At s = 1, with q = 0.04.
        (lambda: canonical(bias=0.0, weak_noise=0.2), 0.5 * np.log(1.0 + 8.0 - 1.28)),
        # Outside the cell: m_k(s) >= 1 everywhere.
        (lambda: leaning_to_concept(0.75), 0.0),
    ],
)
def test_exponents_by_hand(build: Callable[[], TransferTask], expected: float) -> None:
    assert float(identification_rate(build())) == pytest.approx(expected, abs=2e-6)


def test_who_does_not_compete_has_an_infinite_exponent() -> None:
    rates, _ = identification_exponents(canonical(source_prior=[0.0, 0.5, 0.2, 0.3]))
    assert np.isinf(rates[0])
    assert np.isinf(rates[3])
    assert np.all(np.isfinite(rates[1:3]))


def test_interior_minimiser() -> None:
    assert has_interior_minimiser(canonical_task())
    assert not has_interior_minimiser(canonical(bias=0.0, weak_noise=0.2))
    assert not has_interior_minimiser(leaning_to_concept(0.75))


def leaning_pair() -> TransferTask:
    return regression_task(
        6,
        2,
        source_prior=[0.8, 0.2],
        target_prior=[0.0, 1.0],
        supervisor=RegressionSupervisor([[1.0, 0, 0, 0, 0, 0], [0.3, 0.7, 0.2, 0, 0, 0]], 0.4),
    )


@pytest.mark.usefixtures("x64")
@pytest.mark.parametrize("build", [two_concepts, leaning_pair])
def test_expansion_is_right_to_second_order(build: Callable[[], TransferTask]) -> None:
    """What the expansion leaves out falls by nearly four with every doubling of n."""
    task, sizes = build(), (64, 128, 256)
    expansion = np.asarray(sharp_log_misidentification(task, jnp.asarray(sizes, dtype=float)))
    exact = np.array([misidentification_of_two_concepts(task, n).log_value for n in sizes])
    errors = exact - expansion
    assert 0 < errors[-1] < 1e-3
    assert np.all((errors[:-1] / errors[1:] > 3.2) & (errors[:-1] / errors[1:] < 4.2))


def test_slope_of_means() -> None:
    means = np.array([0.3 / 8**0.5 * np.exp(-8 * 0.2), 0.3 / 16**0.5 * np.exp(-16 * 0.2)])
    functional = slope_of_means(8)
    assert functional.value(means) == pytest.approx(0.2, abs=1e-12)
    low, high = functional.interval(0.9 * means, 1.1 * means)
    assert low < 0.2 < high
    # An interval that reaches down to zero says nothing, and says it with finite numbers.
    assert np.all(np.isfinite(functional.interval(np.zeros(2), np.ones(2))))


def test_measured_slope_agrees_with_quadrature() -> None:
    """Not with I alone: at n = 16 the exact slope is 2.8% below it."""
    size = 16
    case = Case("", two_concepts(), InContext(size))
    exact = [misidentification_of_two_concepts(case.task, n).log_value for n in (size, 2 * size)]
    slope = (exact[0] - exact[1] - 0.5 * np.log(2.0)) / size
    few = Settings(max_replicates=8192)
    verdict = check_case(IDENTIFICATION_RATE, case, settings=few, alpha=ALPHA)
    assert abs(verdict.measured - slope) < 5 * verdict.se
    assert verdict.se < 0.02 * slope


def test_short_contexts_are_not_judged() -> None:
    verdict = check_case(
        IDENTIFICATION_RATE, Case("", canonical_task(), InContext(8)), settings=SETTINGS, alpha=ALPHA
    )
    assert verdict.verdict == "not-applicable"
    assert "long enough" in verdict.reason


def broken(case: Case[Any]) -> list[str]:
    return [a.name for a in IDENTIFICATION_RATE.assumptions if not a.holds(case)]


def coin_pair(share: float, size: int) -> Case[Any]:
    return Case("", loaded_coin_task(share), InContext(size))


def exact_slope(share: float, size: int) -> float:
    """By counting heads."""
    logs = []
    for n in (size, 2 * size):
        heads = np.arange(n + 1)
        log_odds = (n - 2 * heads) * np.log(share / (1.0 - share))
        logs.append(np.logaddexp.reduce(binom.logpmf(heads, n, share) - np.logaddexp(0.0, -log_odds)))
    return float(logs[0] - logs[1] - 0.5 * np.log(2.0)) / size


@pytest.mark.parametrize("share", [0.7, 0.9, 0.97, 0.999])
def test_a_lattice_is_seen_where_it_moves_the_slope(share: float) -> None:
    """Applicable where the exact slope is near I and nowhere else; named where it is to blame."""
    rate, applicable = -np.log(2.0 * np.sqrt(share * (1.0 - share))), 0
    for size in (2, 3, 5, 16, 33, 127, 600):
        found, error = broken(coin_pair(share, size)), abs(exact_slope(share, size) / rate - 1.0)
        applicable += not found
        assert (found == []) or error > 0.0095 or "long enough" in found[0]
        assert found != [] or error < 0.0105
    assert applicable >= 2
    assert broken(coin_pair(0.999, 3)) == ["log-odds on no lattice that shows"]
    assert broken(coin_pair(0.999, 4)) == []


@pytest.mark.parametrize("ratio", [3.0, 25.0, 1e3, 1e5])
def test_length_is_judged_however_small_the_exponent(ratio: float) -> None:
    """Canonical without bias, sigma' = .5: the slope does not depend on sigma, which s follows."""

    def case(size: int) -> Case[Any]:
        return Case("", canonical(bias=0.0, noise=0.5 / ratio, weak_noise=0.5), InContext(size))

    assert broken(case(2)) == ["contexts long enough for the correction"]
    assert broken(case(128)) == []


def test_near_duplicates_lengthen_the_context() -> None:
    """Three competitors that are one at n = 8 and three at n = 512; in between the slope is off."""
    vectors = np.eye(4, 8)
    vectors[1:3] = vectors[0]
    vectors[1, 4], vectors[2, 5] = 0.3, -0.3
    task = canonical(concepts=vectors.tolist(), bias=0.0)
    assert broken(Case("", task, InContext(8))) == ["contexts long enough for the correction"]
    assert broken(Case("", task, InContext(256))) == []


def case_named(name: str) -> Case[Any]:
    return next(case for case in IDENTIFICATION_RATE.cases("full") if case.name == name)


@pytest.mark.parametrize("name", ["canonical, n=128", "categorical concepts, n=128"])
def test_rate_is_consistent_and_five_percent_is_refuted(name: str) -> None:
    case = case_named(name)
    verdict = check_case(IDENTIFICATION_RATE, case, settings=SETTINGS, alpha=ALPHA)
    assert verdict.verdict == "consistent"
    margin = 0.02 * verdict.bound
    assert verdict.ci_low > 0.95 * verdict.bound + margin
    assert verdict.ci_high < 1.05 * verdict.bound - margin


@pytest.mark.parametrize("index", [0, 1, 2])
def test_controls_are_refuted(index: int) -> None:
    control = IDENTIFICATION_RATE.controls("quick")[index]
    verdict = check_control(
        IDENTIFICATION_RATE, control, settings=SETTINGS, alpha=ALPHA, theorem=IDENTIFICATION_RATE.id
    )
    assert verdict.verdict == "refuted"


@pytest.mark.parametrize("lemma", IDENTIFICATION_RATE_LEMMAS, ids=lambda lemma: lemma.id)
def test_lemmas(lemma: Any) -> None:
    case = lemma.cases("quick")[0]
    verdict = check_case(lemma, case, settings=SETTINGS, alpha=ALPHA)
    assert verdict.verdict in ("consistent", "certified"), verdict
