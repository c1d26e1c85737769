"""The Chernoff bound of concept-identification: printed values, minimisation, edge cases of the prior."""

from collections.abc import Callable

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jaxtyping import Array
from scipy.optimize import minimize_scalar

from w2s_sim.identification import (
    can_be_misidentified,
    classical_identification_bound,
    classical_log_chernoff_terms,
    identification_bound,
    log_chernoff_terms,
    log_odds_moments,
)
from w2s_sim.laws.noise import LogisticNoise, NoiseLaw
from w2s_sim.statements.shared.regression_examples import (
    canonical,
    leaning_to_concept,
    oblique_concepts,
    two_concepts,
)
from w2s_sim.tasks.regression_task import TransferTask, canonical_task, regression_task
from w2s_sim.tasks.supervisors import RegressionSupervisor, noisy_supervisor

pytestmark = pytest.mark.usefixtures("x64")


def sharp_labels() -> TransferTask:
    """Weak labels sharper than the strong model believes: the minimising s would exceed 1."""
    return canonical(bias=0.0, weak_noise=0.2)


@pytest.mark.parametrize(("size", "printed"), [(4, 1.25039), (8, 0.447813), (16, 0.056959), (32, 0.000918)])
def test_canonical_values_of_the_classical_form(size: int, printed: float) -> None:
    digits = 5 if size == 4 else 6
    assert float(classical_identification_bound(canonical_task(), size)) == pytest.approx(
        printed, abs=0.5 * 10**-digits
    )


@pytest.mark.parametrize(("size", "printed"), [(4, 0.799333), (8, 0.285280), (16, 0.0362256)])
def test_canonical_values(size: int, printed: float) -> None:
    assert float(identification_bound(canonical_task(), size)) == pytest.approx(printed, abs=6e-7)


@pytest.mark.parametrize("sharp", [0.0, 1.0], ids=["classical", "sharp"])
@pytest.mark.parametrize("size", [4, 8, 16, 32])
def test_canonical_values_from_the_one_dimensional_formula(size: int, sharp: float) -> None:
    """sum_k min_s rho_k^s (1 + 8 s - 23.68 s^2)^(-n/2), written out for delta^2 = 2 and q = 0.74."""
    bound = identification_bound if sharp else classical_identification_bound
    expected = 0.0
    for ratio in (5.0, 2.5, 1.5):

        def log_term(s: float, ratio: float = ratio) -> float:
            determinant = 1.0 + 8.0 * s - 23.68 * s**2
            entropy = s * np.log(s) + (1.0 - s) * np.log(1.0 - s)
            return s * np.log(ratio) - 0.5 * size * np.log(determinant) + sharp * entropy

        expected += np.exp(
            minimize_scalar(log_term, bounds=(1e-6, 0.43), method="bounded", options={"xatol": 1e-10}).fun  # pyright: ignore[reportAttributeAccessIssue]
        )
    assert float(bound(canonical_task(), size)) == pytest.approx(expected, rel=1e-10)


@pytest.mark.parametrize(
    "build",
    [
        oblique_concepts,
        sharp_labels,
        lambda: leaning_to_concept(0.25),
        lambda: canonical(target_prior=[0.15, 0.0, 0.0, 0.85]),
        lambda: canonical(features="rademacher"),
    ],
    ids=["oblique", "minimum at s=1", "leaning", "mixed", "rademacher"],
)
def test_minimisation_agrees_with_scipy(build: Callable[[], TransferTask]) -> None:
    task = build()
    star = int(task.target_concept)
    prior = np.asarray(task.source.prior)
    terms, _ = classical_log_chernoff_terms(task, jnp.asarray(16.0))
    assert terms[star] == -np.inf
    moments = jax.jit(lambda s: log_odds_moments(task, jnp.full(task.num_concepts, s)))
    for concept in set(range(task.num_concepts)) - {star}:

        def log_term(s: float, concept: int = concept) -> float:
            return s * np.log(prior[concept] / prior[star]) + 16.0 * float(moments(s)[concept])

        # Infinite beyond some s: a grid brackets the minimum, for scipy wants finite values.
        grid = np.linspace(0.0, 1.0, 101)
        nearest = int(np.argmin([log_term(s) for s in grid]))
        bracket = (grid[max(nearest - 1, 0)], grid[min(nearest + 1, 100)])
        best = minimize_scalar(log_term, bounds=bracket, method="bounded", options={"xatol": 1e-9})
        expected = min(best.fun, log_term(grid[nearest]))  # pyright: ignore[reportAttributeAccessIssue]
        assert float(terms[concept]) == pytest.approx(expected, abs=1e-10)
        # A numerical minimum never undercuts the true one.
        assert float(terms[concept]) >= expected - 1e-10


def test_minimum_at_the_end_of_the_range() -> None:
    """sigma' < sigma / sqrt(2): the unconstrained minimiser is sigma^2 / (2 sigma'^2) > 1."""
    _, exponents = classical_log_chernoff_terms(sharp_labels(), jnp.asarray(16.0))
    np.testing.assert_array_equal(exponents[:3], 1.0)


def quiet_pair(noise: float, ratio: float, unit: float = 1.0) -> TransferTask:
    """Concepts (+-1, 0) and unbiased weak labels of noise ratio * noise; all of it in other units."""
    vectors = [[unit, 0.0], [-unit, 0.0]]
    return regression_task(
        2,
        2,
        source_prior=[0.5, 0.5],
        target_prior=[0.0, 1.0],
        concepts=vectors,
        noise=noise * unit,
        supervisor=RegressionSupervisor(vectors, noise * ratio * unit),
    )


@pytest.mark.parametrize("size", [1, 400, 1_000_000])
@pytest.mark.parametrize("noise", [5e-4, 0.5, 50.0])
@pytest.mark.parametrize("ratio", [1e-4, 0.3, 1.0, 5000.0, 1e4])
def test_terms_whatever_the_noises_in_float32(ratio: float, noise: float, size: int) -> None:
    """delta^2 = 4 and c = 0: the minimising s is sigma^2 / (2 sigma'^2), or 1, in closed form."""
    s = min(1.0, 0.5 / ratio**2)
    expected = -0.5 * size * np.log1p(s * 4.0 / noise**2 * (1.0 - s * ratio**2))
    with jax.enable_x64(False):
        for unit in (1e-9, 1.0, 1e9):
            terms, exponents = classical_log_chernoff_terms(
                quiet_pair(noise, ratio, unit), jnp.asarray(1.0 * size)
            )
            assert float(terms[0]) == pytest.approx(expected, rel=1e-5, abs=1e-6)
            assert float(exponents[0]) == pytest.approx(s, rel=0.01)


def test_bound_does_not_grow_as_the_strong_model_grows_sure() -> None:
    """sigma' = 5 and n = 400: the classical term, 3.920e-4, does not depend on sigma."""
    with jax.enable_x64(False):
        for noise in (0.5, 5e-3, 2e-3, 1e-3, 1e-5):
            bound = float(classical_identification_bound(quiet_pair(noise, 5.0 / noise), 400))
            assert bound == pytest.approx(1.04**-200, rel=1e-4)
            assert 0.5 * bound < float(identification_bound(quiet_pair(noise, 5.0 / noise), 400)) <= bound


def test_no_exponent_helps_a_weak_model_beyond_the_other_concept() -> None:
    """m_k(s) > 1 for all s > 0: s = 0 is left, where the bound is 1 and never infinite."""
    for place in (-3.0, -1e6):
        task = regression_task(
            2,
            2,
            source_prior=[0.5, 0.5],
            target_prior=[0.0, 1.0],
            concepts=[[-1.0, 0.0], [1.0, 0.0]],
            supervisor=RegressionSupervisor([[0.0, 0.0], [place, 0.0]], 3.0),
        )
        terms, exponents = classical_log_chernoff_terms(task, jnp.asarray(8.0))
        assert (float(terms[0]), float(exponents[0])) == (0.0, 0.0)
        assert 0.5 <= float(identification_bound(task, 8)) <= 1.0


def test_one_concept_is_always_identified() -> None:
    one = regression_task(3, 1, source_prior=[1.0], target_prior=[1.0])
    excluded = canonical(source_prior=[0.0, 0.0, 0.0, 1.0])
    for task in (one, excluded):
        assert float(identification_bound(task, 4)) == 0.0
        assert not can_be_misidentified(task)
    assert can_be_misidentified(canonical_task())


def test_competitor_excluded_by_the_source_adds_nothing() -> None:
    with_three = canonical(source_prior=[0.0, 0.25, 0.15, 0.6])
    terms, _ = log_chernoff_terms(with_three, jnp.asarray(8.0))
    assert terms[0] == -np.inf
    # The same as a task that has never heard of the concept.
    task = regression_task(
        8,
        3,
        source_prior=[0.25, 0.15, 0.6],
        target_prior=[0.0, 0.0, 1.0],
        concepts=np.eye(4, 8)[1:].tolist(),
    )
    expected = float(identification_bound(task, 8))
    assert float(identification_bound(with_three, 8)) == pytest.approx(expected, rel=1e-10)


def test_target_excluded_by_the_source_leaves_only_the_trivial_exponent() -> None:
    """s = 0: one for each competitor."""
    task = canonical(source_prior=[0.5, 0.25, 0.25, 0.0])
    assert float(identification_bound(task, 64)) == 3.0


def test_bound_falls_with_demonstrations_where_no_competitor_is_less_likely() -> None:
    """log of a term is concave in n and 0 at n = 0 when its prior ratio is >= 1, so it never rises."""
    for task in (canonical(), two_concepts()):
        sizes = (1, 2, 3, 4, 6, 8, 12, 16, 24, 32)
        values = [float(classical_identification_bound(task, size)) for size in sizes]
        assert np.all(np.diff(values) <= 1e-12)
        assert values[-1] < 0.01 * values[0]


def test_bound_may_rise_at_first_where_a_competitor_is_less_likely() -> None:
    """With prior odds 1 : 10^6 the best s is one where m_k(s) > 1; concavity then brings the bound down."""
    prior = [1e-6, 1.0 - 1e-6]
    source = regression_task(6, 2, source_prior=prior, target_prior=[0.0, 1.0]).source
    task = regression_task(
        6,
        2,
        source_prior=prior,
        target_prior=[0.0, 1.0],
        supervisor=noisy_supervisor(source, 1.0),
    )
    logs = np.log([float(identification_bound(task, size)) for size in range(1, 60, 2)])
    assert logs[1] > logs[0]
    assert logs[-1] < logs[0]
    assert np.all(np.diff(logs, 2) <= 1e-8)


def test_bound_falls_as_the_source_favours_the_target() -> None:
    """Every prior ratio falls, and with it every rho^s."""
    values = []
    for share in (0.05, 0.1, 0.3, 0.6, 0.9):
        rest = (1.0 - share) / 3.0
        values.append(float(identification_bound(canonical(source_prior=[rest, rest, rest, share]), 8)))
    assert np.all(np.diff(values) < 0)


def test_gradient_is_that_of_finite_differences() -> None:
    """The minimiser is held fixed, which is right by the envelope theorem."""

    def of_bias(bias: jax.Array) -> jax.Array:
        task = canonical_task()
        vectors = task.source.vectors + bias * jnp.eye(8)[4:]
        supervisor = type(task.supervisor)(vectors, task.supervisor.noise)
        return identification_bound(
            TransferTask(task.features, task.source, task.target_prior, supervisor), 16
        )

    slope = float(jax.grad(of_bias)(jnp.asarray(0.7)))
    step = 1e-4
    difference = (float(of_bias(jnp.asarray(0.7 + step))) - float(of_bias(jnp.asarray(0.7 - step)))) / (
        2 * step
    )
    assert slope == pytest.approx(difference, rel=1e-6)


@pytest.mark.parametrize(
    ("features", "law"),
    [("gaussian", None), ("rademacher", None), ("uniform", None), ("gaussian", LogisticNoise())],
    ids=["closed form", "rademacher", "uniform", "nodes"],
)
def test_gradient_without_bias(features: str, law: NoiseLaw | None) -> None:
    """Where the weak model shares the concepts, lengths are zero whose roots have no slope there."""
    source_prior, target_prior = [0.5, 0.0, 0.5], [1.0, 0.0, 0.0]
    task = regression_task(
        6, 3, source_prior=source_prior, target_prior=target_prior, bias=0.0, features=features, law=law
    )

    def of_scale(scale: Array) -> Array:
        vectors = (task.source.vectors * scale, task.supervisor.vectors * scale)
        scaled = eqx.tree_at(lambda t: (t.source.vectors, t.supervisor.vectors), task, vectors)
        return identification_bound(scaled, 8)

    step = 1e-4
    slope = float(of_scale(jnp.asarray(1.0 + step)) - of_scale(jnp.asarray(1.0 - step))) / (2.0 * step)
    assert float(jax.grad(of_scale)(jnp.asarray(1.0))) == pytest.approx(slope, rel=1e-5)


@pytest.mark.parametrize("law", [None, LogisticNoise()], ids=["closed form", "nodes"])
def test_concepts_that_the_source_excludes_change_nothing(law: NoiseLaw | None) -> None:
    with_excluded = regression_task(
        6, 3, source_prior=[0.6, 0.0, 0.4], target_prior=[1.0, 0.0, 0.0], bias=0.0, law=law
    )
    concepts = np.eye(3, 6)[[0, 2]]
    without = regression_task(
        6, 2, source_prior=[0.6, 0.4], target_prior=[1.0, 0.0], concepts=concepts, bias=0.0, law=law
    )
    terms, exponents = (np.asarray(part) for part in log_chernoff_terms(with_excluded, jnp.asarray(8.0)))
    expected, places = (np.asarray(part) for part in log_chernoff_terms(without, jnp.asarray(8.0)))
    np.testing.assert_allclose(terms[[0, 2]], expected, rtol=1e-12)
    np.testing.assert_allclose(exponents[2], places[1], rtol=1e-6)
    assert terms[1] == -np.inf
