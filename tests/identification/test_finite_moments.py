"""Moments and bounds of finite tasks against sums over outcomes, one by one."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.optimize import minimize_scalar

from w2s_sim.concepts import CategoricalModel
from w2s_sim.concepts.finite import smoothed
from w2s_sim.estimators import InContext
from w2s_sim.identification import (
    can_be_misidentified,
    classical_identification_bound,
    classical_log_chernoff_terms,
    identification_bound,
    log_chernoff_terms,
    log_odds_moments,
    quadrature_is_resolved,
)
from w2s_sim.tasks.finite_task import FiniteTask

pytestmark = pytest.mark.usefixtures("x64")

SOURCE_PRIOR = np.array([0.5, 0.3, 0.2])
TABLES = np.array([[[0.7, 0.2, 0.1]], [[0.2, 0.4, 0.4]], [[0.3, 0.1, 0.6]]])


def make_task(
    tables: np.ndarray = TABLES, target_prior: tuple = (0.0, 0.1, 0.9), share: float = 0.2
) -> FiniteTask:
    source = CategoricalModel(jnp.asarray(SOURCE_PRIOR), jnp.asarray(tables), jnp.ones(1))
    return FiniteTask(source, jnp.asarray(target_prior), smoothed(source, share))


def moment(task: FiniteTask, concept: int, exponent: float) -> float:
    """The sum over outcomes in plain floats."""
    laws = np.exp(np.asarray(task.source.log_outcome_probabilities()))
    star = laws[int(task.target_concept)]
    total = 0.0
    for weak, own, intended in zip(np.asarray(task.weak_law), laws[concept], star, strict=True):
        total += weak * (own / intended) ** exponent
    return total


@pytest.mark.parametrize("exponents", [[0.0, 0.0, 0.0], [0.3, 0.7, 0.5], [1.0, 1.0, 1.0]], ids=str)
def test_moments_are_sums_over_outcomes(exponents: list[float]) -> None:
    task = make_task()
    found = np.exp(log_odds_moments(task, jnp.asarray(exponents)))
    np.testing.assert_allclose(found, [moment(task, k, s) for k, s in enumerate(exponents)], atol=1e-12)


@pytest.mark.parametrize("sharp", [0.0, 1.0], ids=["classical", "sharp"])
def test_bound_is_the_sum_of_the_minima(sharp: float) -> None:
    task = make_task()
    bound = identification_bound if sharp else classical_identification_bound
    expected = 0.0
    for concept in (0, 1):
        ratio = SOURCE_PRIOR[concept] / SOURCE_PRIOR[2]

        def log_term(s: float, concept: int = concept, ratio: float = ratio) -> float:
            entropy = s * np.log(s) + (1.0 - s) * np.log(1.0 - s)
            return s * np.log(ratio) + 16 * np.log(moment(task, concept, s)) + sharp * entropy

        best = minimize_scalar(log_term, bounds=(1e-9, 1 - 1e-9), method="bounded", options={"xatol": 1e-10})
        expected += np.exp(best.fun)  # pyright: ignore[reportAttributeAccessIssue]
    assert float(bound(task, 16)) == pytest.approx(expected, rel=1e-9)
    assert quadrature_is_resolved(task, 16)


def test_bound_holds_for_every_context_of_two_demonstrations() -> None:
    """E[1 - pi_2(k*)] by enumeration of all pairs of outcomes."""
    for share in (0.0, 0.3):
        task = make_task(share=share)
        inputs, labels = task.source.outcomes
        law, value = np.asarray(task.weak_law), 0.0
        for i in range(3):
            for j in range(3):
                index = jnp.array([i, j])
                posterior = np.exp(task.source.log_posterior(inputs[index], labels[index]))
                value += law[i] * law[j] * (1 - posterior[2])
        bound = float(identification_bound(task, 2))
        assert 0.1 * bound < value < bound


def test_outcome_that_the_intended_concept_excludes() -> None:
    tables = TABLES.copy()
    tables[2, 0] = [0.0, 0.4, 0.6]
    # The weak model shows it: it is infinite evidence against k*, for every s > 0.
    shown = log_odds_moments(make_task(tables), jnp.array([0.0, 0.5, 1.0]))
    np.testing.assert_allclose(shown, [0.0, np.inf, np.inf], atol=1e-12)
    # What is left is s = 0, one for each competitor.
    assert float(identification_bound(make_task(tables), 4)) == 2.0
    # It does not: the outcome does not matter.
    task = make_task(tables, target_prior=(0.0, 0.0, 1.0), share=0.0)
    found = np.exp(log_odds_moments(task, jnp.full(3, 0.5)))
    expected = [0.4 * (0.2 / 0.4) ** 0.5 + 0.6 * (0.1 / 0.6) ** 0.5, 0.4 + 0.6 * (0.4 / 0.6) ** 0.5, 1.0]
    np.testing.assert_allclose(found, expected, atol=1e-12)


def test_outcome_that_a_competitor_excludes_adds_nothing() -> None:
    tables = TABLES.copy()
    tables[0, 0] = [0.0, 0.5, 0.5]
    task = make_task(tables, target_prior=(0.0, 0.0, 1.0), share=0.0)
    found = float(jnp.exp(log_odds_moments(task, jnp.full(3, 0.5)))[0])
    assert found == pytest.approx(0.1 * (0.5 / 0.1) ** 0.5 + 0.6 * (0.5 / 0.6) ** 0.5, rel=1e-12)
    disjoint = make_task(np.array([[[1.0, 0, 0]], [[0, 1.0, 0]], [[0, 0, 1.0]]]), (0.0, 0.0, 1.0), 0.0)
    assert float(identification_bound(disjoint, 1)) == 0.0
    assert not can_be_misidentified(disjoint)
    data = disjoint.sample_weak(1, key=jax.random.key(0))
    np.testing.assert_array_equal(jnp.exp(InContext(1).log_posterior(disjoint.source, data)), [0, 0, 1])


def test_concepts_of_one_law_are_never_told_apart() -> None:
    tables = TABLES[[2, 1, 2]]
    # min_s rho^s with rho > 1 is 1, at s = 0; the sharper form gives what is true, rho / (1 + rho).
    for function, expected in ((classical_log_chernoff_terms, 1.0), (log_chernoff_terms, 5.0 / 7.0)):
        terms, _ = function(make_task(tables), jnp.asarray(1000.0))
        assert float(terms[0]) == pytest.approx(np.log(expected), abs=1e-9)
        assert float(terms[1]) < -10


def test_infimum_that_no_positive_exponent_attains() -> None:
    """k shows heads always, k* half the time: m_k(s) = 2^(s-1) falls to 1/2 as s falls to 0."""
    model = CategoricalModel(jnp.array([0.5, 0.5]), jnp.array([[[1.0, 0.0]], [[0.5, 0.5]]]), jnp.ones(1))
    task = FiniteTask(model, jnp.array([0.0, 1.0]), model)
    np.testing.assert_allclose(np.exp(log_odds_moments(task, jnp.array([0.0, 0.0]))), [0.5, 1.0], rtol=1e-12)
    terms, exponents = classical_log_chernoff_terms(task, jnp.asarray(10.0))
    assert float(terms[0]) == pytest.approx(10 * np.log(0.5), rel=1e-12)
    assert float(exponents[0]) == 0.0
    # E[1 - pi_n] = 2^-n / (1 + 2^-n): all heads, where odds are 2^n.
    found = float(identification_bound(task, 10))
    assert found == pytest.approx(0.5**10 / (1 + 0.5**10), rel=1e-6)


def test_moments_near_one_keep_their_digits_in_float32() -> None:
    """Two laws that differ by 1e-4: log m_k(s) is about -s (1-s) 5e-9, and n is large."""
    with jax.enable_x64(False):
        tables = np.array([[[0.5001, 0.4999]], [[0.5, 0.5]]])
        model = CategoricalModel([0.5, 0.5], tables, [1.0])
        task = FiniteTask(model, [0.0, 1.0], model)
        laws = np.exp(np.asarray(model.log_outcome_probabilities(), np.float64))
        found = float(log_odds_moments(task, jnp.full(2, 0.5))[0])
    values = np.log(laws[0] / laws[1])
    expected = float(np.log1p(0.5 * np.sum(np.expm1(0.5 * values))))
    assert found == pytest.approx(expected, rel=0.05)


def test_gradient_is_that_of_finite_differences() -> None:
    def bound(share: jax.Array) -> jax.Array:
        task = make_task()
        supervisor = CategoricalModel(
            task.source.prior, (1 - share) * jnp.asarray(TABLES) + share / 3, jnp.ones(1)
        )
        return identification_bound(FiniteTask(task.source, task.target_prior, supervisor), 16)

    step = 1e-5
    slope = (float(bound(jnp.asarray(0.2 + step))) - float(bound(jnp.asarray(0.2 - step)))) / (2 * step)
    assert float(jax.grad(bound)(jnp.asarray(0.2))) == pytest.approx(slope, rel=1e-6)
