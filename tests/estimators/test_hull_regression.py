"""Least squares within the hull, against a solver of quadratic programs, with many and with few pairs."""

import jax
import numpy as np
import pytest
from scipy.optimize import minimize

import w2s_sim as w2s

pytestmark = pytest.mark.usefixtures("x64")


@pytest.mark.parametrize("num_weak", [2, 5, 40])
@pytest.mark.parametrize("seed", [0, 1])
def test_no_mixture_fits_the_labels_better(num_weak: int, seed: int) -> None:
    task = w2s.canonical_task()
    data = task.sample_weak(num_weak, key=jax.random.key(seed))
    student = w2s.HullRegression(num_weak=num_weak).fit(task.source, data, key=jax.random.key(0))
    inputs, labels = np.asarray(data.inputs), np.asarray(data.labels)
    predictions = inputs @ np.asarray(task.source.vectors).T

    def misfit(weights: np.ndarray) -> float:
        return float(np.sum((labels - predictions @ weights) ** 2))

    found = minimize(
        misfit,
        np.full(4, 0.25),
        bounds=[(0, 1)] * 4,
        constraints={"type": "eq", "fun": lambda weights: weights.sum() - 1},
        tol=1e-12,
    )
    assert misfit(np.asarray(student.prior)) <= found.fun + 1e-6


def test_exact_labels_of_a_mixture_return_the_mixture() -> None:
    task = w2s.canonical_task()
    inputs = task.sample_inputs(30, key=jax.random.key(2))
    mixture = np.array([0.1, 0.0, 0.6, 0.3])
    data = w2s.WeakData(inputs, inputs @ (mixture @ task.source.vectors))
    student = w2s.HullRegression(num_weak=30).fit(task.source, data, key=jax.random.key(0))
    np.testing.assert_allclose(student.prior, mixture, atol=1e-10)


def test_finite_concepts_are_refused() -> None:
    tables = [[[0.7, 0.3]], [[0.1, 0.9]]]
    model = w2s.CategoricalModel([0.5, 0.5], tables, [1.0])
    with pytest.raises(w2s.InputError, match="estimator: got HullRegression, which is for regression"):
        w2s.HullRegression(num_weak=4).require_concepts(model)
