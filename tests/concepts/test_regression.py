"""Regression concepts against scipy and brute-force enumeration."""

from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.special import logsumexp
from scipy.stats import norm

from w2s_sim.concepts import RegressionModel
from w2s_sim.errors import InputError

pytestmark = pytest.mark.usefixtures("x64")

VECTORS = np.array([[1.0, 0.0, -0.5], [0.0, 2.0, 0.3], [0.4, -1.0, 0.0], [-1.2, 0.1, 0.7]])
PRIORS = {
    "full": [0.4, 0.3, 0.2, 0.1],
    "with zeros": [0.0, 0.6, 0.0, 0.4],
    "point mass": [0.0, 0.0, 1.0, 0.0],
}


def make_model(prior: list[float], noise: float = 0.6) -> RegressionModel:
    return RegressionModel(prior=jnp.asarray(prior), vectors=jnp.asarray(VECTORS), noise=jnp.asarray(noise))


def demonstrations(count: int, seed: int = 0) -> tuple[jax.Array, jax.Array]:
    generator = np.random.default_rng(seed)
    inputs = generator.normal(size=(count, VECTORS.shape[1]))
    labels = inputs @ VECTORS[1] + generator.normal(size=count)
    return jnp.asarray(inputs), jnp.asarray(labels)


def enumerated_log_posterior(
    prior: np.ndarray, noise: float, inputs: np.ndarray, labels: np.ndarray
) -> np.ndarray:
    """Bayes' rule, one concept and one demonstration at a time."""
    joint = np.full(len(prior), -np.inf)
    for k, weight in enumerate(prior):
        if weight > 0:
            joint[k] = np.log(weight) + sum(
                float(norm.logpdf(y, loc=x @ VECTORS[k], scale=noise))
                for x, y in zip(inputs, labels, strict=True)
            )
    return joint - logsumexp(joint)


def test_log_likelihood_is_the_normal_density() -> None:
    inputs, labels = demonstrations(9)
    value = make_model(PRIORS["full"]).log_likelihood(inputs, labels)
    expected = norm.logpdf(np.asarray(labels)[:, None], loc=np.asarray(inputs) @ VECTORS.T, scale=0.6)
    np.testing.assert_allclose(value, expected, rtol=1e-10)


@pytest.mark.parametrize("count", [0, 1, 12, 2000])
@pytest.mark.parametrize("prior", PRIORS.values(), ids=PRIORS.keys())
def test_log_posterior_is_bayes_rule_by_enumeration(prior: list[float], count: int) -> None:
    """Also after 2000 demonstrations, where probabilities outside log space would underflow."""
    inputs, labels = demonstrations(count)
    value = np.asarray(make_model(prior).log_posterior(inputs, labels))
    expected = enumerated_log_posterior(np.asarray(prior), 0.6, np.asarray(inputs), np.asarray(labels))
    np.testing.assert_allclose(value, expected, rtol=1e-10, atol=1e-10)
    np.testing.assert_array_equal(np.exp(value)[np.asarray(prior) == 0], 0.0)
    np.testing.assert_allclose(np.asarray(logsumexp(value)), 0.0, atol=1e-12)


def test_student_is_the_weighted_mean_predictor() -> None:
    weights = np.array([0.1, 0.2, 0.3, 0.4])
    inputs, _ = demonstrations(5)
    student = make_model(PRIORS["full"]).with_prior(jnp.asarray(weights))
    expected = sum(
        weight * (np.asarray(inputs) @ vector) for weight, vector in zip(weights, VECTORS, strict=True)
    )
    np.testing.assert_allclose(student.predict(inputs), expected, rtol=1e-10)


def test_labels_have_the_mean_and_variance_of_their_concept(
    standard_errors_off: Callable[..., float],
) -> None:
    count = 50_000
    inputs, _ = demonstrations(count)
    concepts = np.arange(count) % 4
    labels = make_model(PRIORS["full"]).sample_labels(inputs, jnp.asarray(concepts), key=jax.random.key(0))
    residuals = np.asarray(labels) - np.sum(np.asarray(inputs) * VECTORS[concepts], axis=1)
    for k in range(4):
        own = residuals[concepts == k]
        assert standard_errors_off(np.stack([own, own**2], axis=1), [0.0, 0.36]) < 5


def test_predictive_draws_concepts_at_their_weights(standard_errors_off: Callable[..., float]) -> None:
    """Concepts 10 apart and noise .5: the label tells the concept. Weights shared, then one row an input."""
    count = 40_000
    model = RegressionModel(
        prior=jnp.full(3, 1 / 3), vectors=jnp.asarray([[0.0], [10.0], [20.0]]), noise=jnp.asarray(0.5)
    )
    shared = np.array([0.5, 0.0, 0.5])
    per_input = np.where(np.arange(count)[:, None] % 2 == 0, [0.7, 0.2, 0.1], [0.0, 0.1, 0.9])
    for weights in (shared, per_input):
        labels = model.sample_predictive(
            jnp.ones((count, 1)), jnp.log(jnp.asarray(weights)), key=jax.random.key(4)
        )
        drawn = np.eye(3)[np.rint(np.asarray(labels) / 10).astype(int)]
        rows = np.broadcast_to(weights, (count, 3))
        for parity in (0, 1):
            assert standard_errors_off(drawn[parity::2], rows[parity]) < 5
        np.testing.assert_array_equal(drawn[rows == 0], 0.0)


@pytest.mark.parametrize("per_input", [False, True], ids=["shared", "per input"])
def test_predictive_has_the_moments_of_the_mixture(
    per_input: bool, standard_errors_off: Callable[..., float]
) -> None:
    count = 60_000
    inputs, _ = demonstrations(count, seed=1)
    generator = np.random.default_rng(2)
    weights = generator.dirichlet(np.ones(4), size=count) if per_input else np.asarray(PRIORS["with zeros"])
    labels = make_model(PRIORS["full"]).sample_predictive(
        inputs, jnp.log(jnp.asarray(weights)), key=jax.random.key(5)
    )
    means = np.asarray(inputs) @ VECTORS.T
    mean = np.sum(weights * means, axis=1)
    variance = 0.36 + np.sum(weights * means**2, axis=1) - mean**2
    residual = np.asarray(labels) - mean
    # Each label is a draw of its own, also where weights are shared: neighbours are uncorrelated.
    neighbours = residual[::2] * residual[1::2]
    assert standard_errors_off(np.stack([residual, residual**2 - variance], axis=1), [0.0, 0.0]) < 5
    assert standard_errors_off(neighbours, 0.0) < 5


def test_with_prior_changes_the_prior_alone() -> None:
    model = make_model(PRIORS["full"])
    changed = model.with_prior(jnp.asarray(PRIORS["point mass"]))
    np.testing.assert_array_equal(changed.prior, PRIORS["point mass"])
    np.testing.assert_array_equal(changed.vectors, VECTORS)
    assert float(changed.noise) == 0.6
    np.testing.assert_array_equal(model.prior, PRIORS["full"])
    with pytest.raises(InputError, match="prior"):
        model.with_prior(jnp.asarray([1.0, 1.0, 0.0, 0.0]))


@pytest.mark.parametrize(
    ("prior", "expected"),
    [
        ([0.5, 0.2, 0.2, 0.2], "sum to 1"),
        ([0.0, 0.0, 0.0, 0.0], "sum to 1"),
        ([-0.1, 0.5, 0.5, 0.1], ">= 0"),
        ([np.nan, 0.5, 0.5, 0.0], "finite"),
        ([np.inf, 0.0, 0.0, 0.0], "finite"),
    ],
    ids=["sum", "zero", "negative", "nan", "infinite"],
)
def test_bad_prior_is_refused(prior: list[float], expected: str) -> None:
    with pytest.raises(InputError) as caught:
        make_model(prior)
    assert caught.value.field == "prior"
    assert expected in caught.value.expected


@pytest.mark.parametrize("noise", [0.0, -0.5, np.nan, np.inf])
def test_bad_noise_is_refused(noise: float) -> None:
    with pytest.raises(InputError, match=r"^noise: .*finite number > 0"):
        make_model(PRIORS["full"], noise=noise)


def test_concepts_that_are_not_finite_are_refused() -> None:
    with pytest.raises(InputError, match=r"^concepts: .*finite"):
        RegressionModel(
            prior=jnp.asarray([1.0]), vectors=jnp.asarray([[1.0, np.nan]]), noise=jnp.asarray(0.5)
        )
