"""Fine-tuning against scikit-learn, numpy, an optax loop, and the exact risk of least squares."""

from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from sklearn.linear_model import Ridge as SklearnRidge

from w2s_sim.concepts import RegressionModel
from w2s_sim.errors import InputError
from w2s_sim.estimators import (
    GradientDescent,
    LabelMixing,
    LeastSquares,
    Ridge,
    SpectralCutoff,
    SpectralFinetuning,
)
from w2s_sim.tasks.regression_task import canonical_task
from w2s_sim.tasks.task import WeakData

KEY = jax.random.key
SAMPLE_SIZES = [3, 8, 60]  # fewer data than the 8 features, as many, more


def source_and_data(num_weak: int) -> tuple[RegressionModel, WeakData, np.ndarray, np.ndarray, np.ndarray]:
    """The canonical source, weak data, and the same in numpy: beta_P, X and y' - X beta_P."""
    task = canonical_task()
    start = np.asarray(task.source_vector)
    # From numpy: a sampler of jax would be compiled once for every size.
    generator = np.random.default_rng(num_weak)
    inputs = generator.normal(size=(num_weak, 8))
    labels = inputs @ np.asarray(task.weak_vector) + 0.5 * generator.normal(size=num_weak)
    return (
        task.source,
        WeakData(jnp.asarray(inputs), jnp.asarray(labels)),
        start,
        inputs,
        labels - inputs @ start,
    )


def fit(estimator: SpectralFinetuning, source: RegressionModel, data: WeakData) -> np.ndarray:
    return np.asarray(estimator.fit(source, data, key=KEY(0)).coefficients)


@pytest.mark.usefixtures("x64")
@pytest.mark.parametrize("num_weak", SAMPLE_SIZES)
@pytest.mark.parametrize("ridge", [0.01, 0.3, 5.0])
def test_ridge_is_scikit_learns_in_coordinates_around_the_source(ridge: float, num_weak: int) -> None:
    """With b - beta_P fitted to y' - X beta_P; scikit-learn's loss is a sum, hence alpha = n eta."""
    source, data, start, inputs, residual = source_and_data(num_weak)
    peer = SklearnRidge(alpha=num_weak * ridge, fit_intercept=False).fit(inputs, residual)
    value = fit(Ridge(ridge, num_weak=num_weak), source, data)  # pyright: ignore[reportArgumentType]
    np.testing.assert_allclose(value, start + peer.coef_, rtol=1e-10, atol=1e-10)


@pytest.mark.usefixtures("x64")
@pytest.mark.parametrize("num_weak", SAMPLE_SIZES)
def test_without_ridge_it_is_the_interpolant_nearest_the_source(num_weak: int) -> None:
    source, data, start, inputs, residual = source_and_data(num_weak)
    expected = start + np.linalg.pinv(inputs) @ residual
    for estimator in (Ridge(jnp.asarray(0.0), num_weak=num_weak), LeastSquares(num_weak=num_weak)):
        np.testing.assert_allclose(fit(estimator, source, data), expected, rtol=1e-10, atol=1e-10)


@pytest.mark.usefixtures("x64")
def test_least_squares_forgets_the_source_once_the_data_span_all_features() -> None:
    source, data, _, inputs, _ = source_and_data(60)
    expected, *_ = np.linalg.lstsq(inputs, np.asarray(data.labels), rcond=None)
    np.testing.assert_allclose(fit(LeastSquares(num_weak=60), source, data), expected, rtol=1e-10, atol=1e-12)


@pytest.mark.usefixtures("x64")
@pytest.mark.parametrize("num_weak", SAMPLE_SIZES)
@pytest.mark.parametrize(("steps", "step_size"), [(0, 0.1), (1, 0.3), (25, 0.2), (12, 3.0)])
def test_gradient_descent_is_the_loop_of_optax(steps: int, step_size: float, num_weak: int) -> None:
    """On half the mean squared error; the largest step size diverges, in the loop as in closed form."""
    source, data, start, *_ = source_and_data(num_weak)

    def loss(coefficients: jax.Array) -> jax.Array:
        return 0.5 * jnp.mean((data.labels - data.inputs @ coefficients) ** 2)

    optimiser = optax.sgd(step_size)
    coefficients = jnp.asarray(start)
    state = optimiser.init(coefficients)
    gradient = jax.jit(jax.grad(loss))
    for _ in range(steps):
        updates, state = optimiser.update(gradient(coefficients), state)
        coefficients = jnp.asarray(optax.apply_updates(coefficients, updates))
    if step_size == 3.0:
        assert np.abs(coefficients).max() > 1e3
    estimator = GradientDescent(steps, jnp.asarray(step_size), num_weak=num_weak)
    scale = float(np.abs(coefficients).max())
    np.testing.assert_allclose(fit(estimator, source, data), coefficients, rtol=1e-10, atol=1e-10 * scale)


@pytest.mark.usefixtures("x64")
@pytest.mark.parametrize("num_weak", SAMPLE_SIZES)
@pytest.mark.parametrize("kept", [0, 1, 2])
def test_spectral_cutoff_follows_the_leading_principal_components(kept: int, num_weak: int) -> None:
    source, data, start, inputs, residual = source_and_data(num_weak)
    left, singular, right = np.linalg.svd(inputs, full_matrices=False)
    eigenvalues = singular**2 / num_weak
    threshold = 2 * eigenvalues[0] if kept == 0 else (eigenvalues[kept - 1] + eigenvalues[kept]) / 2
    expected = start + sum(
        (right[j] * (left[:, j] @ residual) / singular[j] for j in range(kept)), np.zeros(len(start))
    )
    value = fit(SpectralCutoff(jnp.asarray(threshold), num_weak=num_weak), source, data)
    np.testing.assert_allclose(value, expected, rtol=1e-10, atol=1e-10)


def members() -> dict[str, SpectralFinetuning]:
    """Every estimator of the family that can be on a leash, at n = 60."""
    return {
        "least squares": LeastSquares(num_weak=60),
        "ridge": Ridge(jnp.asarray(0.3), num_weak=60),
        "no ridge": Ridge(jnp.asarray(0.0), num_weak=60),
        "cutoff": SpectralCutoff(jnp.asarray(1.0), num_weak=60),
        "no steps": GradientDescent(0, jnp.asarray(0.1), num_weak=60),
        "mixing": LabelMixing(Ridge(jnp.asarray(0.3), num_weak=60), jnp.asarray(0.25)),
        "mixing twice": LabelMixing(
            LabelMixing(LeastSquares(num_weak=60), jnp.asarray(0.5)), jnp.asarray(0.5)
        ),
    }


@pytest.mark.usefixtures("x64")
@pytest.mark.parametrize("mixing", [0.0, 0.4, 1.0])
@pytest.mark.parametrize("name", [*members(), "gradient descent"])
def test_label_mixing_is_a_fit_to_explicitly_mixed_labels(name: str, mixing: float) -> None:
    inner = (members() | {"gradient descent": GradientDescent(7, jnp.asarray(0.2), num_weak=60)})[name]
    source, data, start, inputs, _ = source_and_data(60)
    mixed = WeakData(data.inputs, (1 - mixing) * data.labels + mixing * jnp.asarray(inputs @ start))
    value = fit(LabelMixing(inner, jnp.asarray(mixing)), source, data)
    np.testing.assert_allclose(value, fit(inner, source, mixed), rtol=1e-10, atol=1e-10)


@pytest.mark.usefixtures("x64")
@pytest.mark.parametrize("name", members())
def test_gain_is_within_the_unit_interval_and_explains_the_fit(name: str) -> None:
    """The defining form of the family, b = beta_P + h(S) r with lambda h(lambda) = g(lambda)."""
    estimator = members()[name]
    spectrum = jnp.logspace(-9, 6, 200)
    gain = np.asarray(estimator.gain(spectrum))
    assert gain.shape == (200,)
    assert np.all((gain >= 0) & (gain <= 1))
    assert estimator.gain_within_unit_interval
    source, data, start, inputs, residual = source_and_data(60)
    eigenvalues, basis = np.linalg.eigh(inputs.T @ inputs / 60)
    weights = np.asarray(estimator.gain(jnp.asarray(eigenvalues))) / eigenvalues
    expected = start + basis @ (weights * (basis.T @ inputs.T @ residual / 60))
    np.testing.assert_allclose(fit(estimator, source, data), expected, rtol=1e-10, atol=1e-10)


@pytest.mark.usefixtures("x64")
def test_gradient_descent_does_not_promise_a_gain_within_the_unit_interval() -> None:
    descent = GradientDescent(3, jnp.asarray(0.1), num_weak=60)
    tame = np.asarray(descent.gain(jnp.linspace(0, 10, 50)))
    assert np.all((tame >= 0) & (tame <= 1))
    assert float(descent.gain(jnp.asarray([15.0]))[0]) == pytest.approx(1.125, rel=1e-10)
    assert not descent.gain_within_unit_interval
    assert not LabelMixing(descent, jnp.asarray(0.5)).gain_within_unit_interval


def test_sample_size_is_the_number_of_weak_pairs() -> None:
    """All of them one context: where weak data are grouped, they share a concept."""
    for estimator in (*members().values(), GradientDescent(3, jnp.asarray(0.1), num_weak=60)):
        assert (estimator.sample_size, estimator.context_size) == (60, 60)


def test_least_squares_has_its_exact_finite_sample_risk(standard_errors_off: Callable[..., float]) -> None:
    """b^2 + sigma'^2 d / (n - d - 1): the weak bias stays, the noise meets an inverse Wishart matrix."""
    task, estimator = canonical_task(), LeastSquares(num_weak=20)

    def one_risk(key: jax.Array) -> jax.Array:
        data = task.sample_weak(20, key=key)
        return task.excess_risk(estimator.fit(task.source, data, key=key))

    risks = jax.jit(jax.vmap(one_risk))(jax.random.split(KEY(0), 10_000))
    assert standard_errors_off(risks, 0.49 + 0.25 * 8 / (20 - 8 - 1)) < 5


@pytest.mark.usefixtures("x64")
def test_a_sweep_over_ridges_may_be_vectorised() -> None:
    source, data, *_ = source_and_data(8)
    ridges = jnp.asarray([0.0, 0.2, 3.0])
    swept = jax.vmap(lambda ridge: Ridge(ridge, num_weak=8).fit(source, data, key=KEY(0)).coefficients)(
        ridges
    )
    for ridge, value in zip(ridges, swept, strict=True):
        np.testing.assert_allclose(value, fit(Ridge(ridge, num_weak=8), source, data), rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize(
    ("construct", "field", "expected"),
    [
        (lambda: LeastSquares(num_weak=0), "num_weak", "whole number >= 1"),
        (lambda: Ridge(jnp.asarray(0.1), num_weak=-3), "num_weak", "whole number >= 1"),
        (lambda: Ridge(jnp.asarray(-0.1), num_weak=5), "ridge", ">= 0"),
        (lambda: Ridge(jnp.asarray(np.nan), num_weak=5), "ridge", ">= 0"),
        (lambda: GradientDescent(-1, jnp.asarray(0.1), num_weak=5), "steps", "whole number >= 0"),
        (lambda: GradientDescent(3, jnp.asarray(0.0), num_weak=5), "step_size", "> 0"),
        (lambda: GradientDescent(3, jnp.asarray(np.inf), num_weak=5), "step_size", "> 0"),
        (lambda: SpectralCutoff(jnp.asarray(-1.0), num_weak=5), "threshold", ">= 0"),
        (lambda: SpectralCutoff(jnp.asarray(1.0), num_weak=0), "num_weak", "whole number >= 1"),
        (lambda: LabelMixing(LeastSquares(num_weak=5), jnp.asarray(1.1)), "mixing", "[0, 1]"),
        (lambda: LabelMixing(LeastSquares(num_weak=5), jnp.asarray(-0.1)), "mixing", "[0, 1]"),
    ],
)
def test_bad_numbers_are_refused(
    construct: Callable[[], SpectralFinetuning], field: str, expected: str
) -> None:
    with pytest.raises(InputError) as caught:
        construct()
    assert caught.value.field == field
    assert expected in caught.value.expected


def test_many_short_steps_keep_their_digits() -> None:
    """10^9 steps of 10^-9 move like the flow: g = 1 - exp(-lambda), also in single precision."""
    spectrum = jnp.array([0.01, 0.5, 1.0, 3.0])
    gain = GradientDescent(10**9, jnp.asarray(1e-9), num_weak=5).gain(spectrum)
    np.testing.assert_allclose(gain, 1.0 - np.exp(-np.asarray(spectrum)), rtol=1e-5)
    # A step at and beyond 1/lambda, with both signs of 1 - tau lambda.
    long = GradientDescent(3, jnp.asarray(1.0), num_weak=5).gain(spectrum)
    np.testing.assert_allclose(long, 1.0 - (1.0 - np.asarray(spectrum, dtype=np.float64)) ** 3, rtol=1e-5)
