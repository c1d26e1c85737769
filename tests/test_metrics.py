"""The share of the weak-to-strong gap that a student closes, and distances of priors."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import stats

from w2s_sim.metrics import gain_over_source, kl_divergence, performance_gap_recovered, total_variation


@pytest.mark.parametrize(
    ("student", "weak", "ceiling", "expected"),
    [
        (0.0, 0.5, 0.0, 1.0),
        (0.5, 0.5, 0.0, 0.0),
        (0.125, 0.5, 0.0, 0.75),
        (1.0, 0.5, 0.0, -1.0),
        (0.75, 1.0, 0.5, 0.5),
        (0.25, 1.0, 0.5, 1.5),
    ],
    ids=["ceiling", "weak model", "between", "worse", "with a floor", "past the ceiling"],
)
def test_it_is_the_share_of_the_gap(student: float, weak: float, ceiling: float, expected: float) -> None:
    assert float(performance_gap_recovered(student, weak, ceiling)) == expected


@pytest.mark.parametrize(("weak", "ceiling"), [(0.5, 0.5), (0.0, 0.0), (0.2, 0.5)])
def test_without_a_gap_it_is_undefined(weak: float, ceiling: float) -> None:
    assert np.isnan(performance_gap_recovered(0.1, weak, ceiling))


def test_it_goes_elementwise_and_an_undefined_entry_spoils_no_other() -> None:
    students, weak = np.array([0.1, 0.2, 0.3]), np.array([0.2, 0.0, 0.4])
    value = performance_gap_recovered(students, weak)
    np.testing.assert_allclose(value, [0.5, np.nan, 0.25], rtol=1e-6)


@pytest.mark.parametrize(("student", "gain"), [(0.0, 1.0), (0.8, 0.0), (0.2, 0.75), (1.6, -1.0)])
def test_gain_over_the_source_is_the_share_of_its_risk_that_is_avoided(student: float, gain: float) -> None:
    assert float(gain_over_source(student, 0.8)) == pytest.approx(gain, abs=1e-6)


@pytest.mark.parametrize("source", [0.0, np.inf])
def test_gain_over_a_source_without_a_finite_risk_is_undefined(source: float) -> None:
    assert np.isnan(gain_over_source(0.1, source))
    assert np.isfinite(jax.grad(gain_over_source)(0.25, source))


def test_its_gradient_is_finite_without_a_gap() -> None:
    """nan as a value is the definition; a nan in the gradient would poison a search over cases."""
    slope = jax.grad(performance_gap_recovered)(0.25, 0.5)
    assert float(slope) == -2.0
    assert np.isfinite(jax.grad(performance_gap_recovered)(0.25, 0.0))


def test_divergence_is_that_of_scipy() -> None:
    rng = np.random.default_rng(0)
    first, second = rng.dirichlet(np.ones(5), 2)
    with jax.enable_x64(True):
        found = kl_divergence(jnp.asarray(first), jnp.asarray(second))
        distance = total_variation(jnp.asarray(first), jnp.asarray(second))
    assert float(found) == pytest.approx(stats.entropy(first, second), abs=1e-12)
    assert float(distance) == pytest.approx(np.abs(first - second).sum() / 2, abs=1e-12)


def test_divergence_is_infinite_where_the_estimate_excludes_what_is_there() -> None:
    half, sure = jnp.array([0.5, 0.5, 0.0]), jnp.array([1.0, 0.0, 0.0])
    assert float(kl_divergence(half, sure)) == np.inf
    assert float(kl_divergence(sure, half)) == pytest.approx(np.log(2.0))
    assert float(kl_divergence(sure, sure)) == 0.0
