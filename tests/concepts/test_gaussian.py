from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import stats

from w2s_sim.concepts import GaussianConceptModel
from w2s_sim.errors import InputError
from w2s_sim.weak_data import WeakData

# SciPy says that a covariance is a number.
multivariate_normal: Any = stats.multivariate_normal
FACTOR = np.array([[1.0, 0.0, 0.0], [0.4, 0.8, 0.0], [-0.2, 0.3, 0.0]])


def make_model() -> GaussianConceptModel:
    """Its covariance is singular."""
    return GaussianConceptModel([0.5, -1.0, 0.2], FACTOR, 0.6)


def make_data(num: int) -> tuple[jax.Array, jax.Array]:
    generator = np.random.default_rng(0)
    return jnp.asarray(generator.normal(size=(num, 3))), jnp.asarray(generator.normal(size=num))


def test_evidence_is_that_of_the_joint_normal() -> None:
    with jax.enable_x64(True):
        model, (inputs, labels) = make_model(), make_data(7)
        x = np.asarray(inputs)
        covariance = x @ np.asarray(model.covariance) @ x.T + 0.36 * np.eye(7)
        law = multivariate_normal(x @ np.asarray(model.mean), covariance)
        expected = law.logpdf(np.asarray(labels))
        assert float(model.log_evidence(inputs, labels)) == pytest.approx(expected, abs=1e-10)


def test_evidence_is_the_product_of_predictives() -> None:
    with jax.enable_x64(True):
        model, (inputs, labels) = make_model(), make_data(5)
        total, current = 0.0, model
        for i in range(5):
            total += float(current.log_predictive(inputs[i : i + 1], labels[i : i + 1])[0])
            current = current.read(WeakData(inputs[i : i + 1], labels[i : i + 1]))
        assert total == pytest.approx(float(model.log_evidence(inputs, labels)), abs=1e-10)
        at_once = model.read(WeakData(inputs, labels))
        np.testing.assert_allclose(current.mean, at_once.mean, atol=1e-10)
        np.testing.assert_allclose(current.covariance, at_once.covariance, atol=1e-10)


def test_posterior_is_that_of_a_grid() -> None:
    """Two concepts coordinates, integrated numerically."""
    with jax.enable_x64(True):
        model = GaussianConceptModel([0.3, -0.2], [[0.7, 0.0], [0.3, 0.55]], 0.7)
        inputs, labels = make_data(3)
        inputs = inputs[:, :2]
        updated = model.read(WeakData(inputs, labels))
        axis = np.linspace(-6, 6, 401)
        grid = np.stack(np.meshgrid(axis, axis, indexing="ij"), axis=-1)
        law = multivariate_normal(np.asarray(model.mean), np.asarray(model.covariance))
        residuals = np.asarray(labels) - grid @ np.asarray(inputs).T
        weights = np.exp(law.logpdf(grid) + stats.norm.logpdf(residuals, scale=0.7).sum(-1))
        weights /= weights.sum()
        mean = np.einsum("ij,ijk->k", weights, grid)
        centred = grid - mean
        covariance = np.einsum("ij,ijk,ijl->kl", weights, centred, centred)
        np.testing.assert_allclose(updated.mean, mean, atol=1e-10)
        np.testing.assert_allclose(updated.covariance, covariance, atol=1e-10)


def test_a_direction_without_variance_never_moves() -> None:
    with jax.enable_x64(True):
        model, (inputs, labels) = make_model(), make_data(50)
        still = np.linalg.svd(np.asarray(model.covariance))[0][:, -1]
        updated = model.read(WeakData(inputs, labels))
        assert still @ np.asarray(updated.mean - model.mean) == pytest.approx(0.0, abs=1e-10)
        assert still @ np.asarray(updated.covariance) @ still == pytest.approx(0.0, abs=1e-10)


def test_draws_have_mean_and_covariance(standard_errors_off) -> None:
    model = make_model()
    draws = np.asarray(model.sample_concepts(50_000, key=jax.random.key(0)), dtype=np.float64)
    centred = draws - np.asarray(model.mean)
    for i in range(3):
        assert standard_errors_off(draws[:, i], float(model.mean[i])) < 5
        for j in range(3):
            assert standard_errors_off(centred[:, i] * centred[:, j], float(model.covariance[i, j])) < 5


def test_labels_follow_their_concepts(standard_errors_off) -> None:
    model = make_model()
    inputs, concepts = jnp.tile(jnp.array([1.0, 2.0, 3.0]), (50_000, 1)), jnp.ones((50_000, 3))
    labels = np.asarray(model.sample_labels(inputs, concepts, key=jax.random.key(1)), dtype=np.float64)
    assert standard_errors_off(labels, 6.0) < 5
    assert standard_errors_off((labels - 6.0) ** 2, 0.36) < 5


def test_no_demonstrations_say_nothing() -> None:
    model = make_model()
    updated = model.read(WeakData(jnp.zeros((0, 3)), jnp.zeros(0)))
    np.testing.assert_allclose(updated.mean, model.mean)
    np.testing.assert_allclose(updated.covariance, model.covariance)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"factor": np.eye(2)}, "factor"),
        ({"factor": np.ones(3)}, "factor"),
        ({"factor": np.full((3, 3), np.inf)}, "factor"),
        ({"noise": 0.0}, "noise"),
        ({"mean": [1.0, np.nan, 0.0]}, "mean"),
    ],
)
def test_bad_input_is_refused(changes, field: str) -> None:
    parts = {"mean": [0.0] * 3, "factor": np.eye(3), "noise": 0.5}
    with pytest.raises(InputError, match=field):
        GaussianConceptModel(**parts | changes)
