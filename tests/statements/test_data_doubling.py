"""Data labelled by the weak and by the strong model: the students of labels mixed at one half."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import w2s_sim as w2s
from w2s_sim.estimators.finetune import DirectFinetuning

pytestmark = pytest.mark.usefixtures("x64")
STUDENTS = {
    "least squares": w2s.LeastSquares(num_weak=20),
    "fewer pairs than features": w2s.LeastSquares(num_weak=5),
    "ridge": w2s.Ridge(0.3, num_weak=20),
    "gradient descent": w2s.GradientDescent(7, 0.2, num_weak=20),
    "cutoff": w2s.SpectralCutoff(0.8, num_weak=20),
}


@pytest.mark.parametrize("copies", [1, 3])
@pytest.mark.parametrize("name", STUDENTS)
def test_r_own_answers_to_a_prompt_are_mixing_at_r_over_r_plus_one(name: str, copies: int) -> None:
    task, student = w2s.canonical_task(), STUDENTS[name]
    assert isinstance(student, DirectFinetuning)
    size = student.sample_size
    data, key = task.sample_weak(size, key=jax.random.key(0)), jax.random.key(1)
    own = task.source.predict(data.inputs)
    rows = w2s.WeakData(
        jnp.concatenate([data.inputs] * (copies + 1)), jnp.concatenate([data.labels] + [own] * copies)
    )
    doubled = student.with_sample_size((copies + 1) * size).fit(task.source, rows, key=key)
    mixed = w2s.LabelMixing(student, copies / (copies + 1)).fit(task.source, data, key=key)
    np.testing.assert_allclose(doubled.coefficients, mixed.coefficients, atol=1e-10)


def test_against_a_solver_of_least_squares() -> None:
    """NumPy's solver on the doubled rows, with the penalty as further rows."""
    task, eta = w2s.canonical_task(), 0.3
    data = task.sample_weak(20, key=jax.random.key(2))
    inputs, labels = np.asarray(data.inputs), np.asarray(data.labels)
    start = np.asarray(task.source_vector)
    rows = np.concatenate([inputs, inputs, (40 * eta) ** 0.5 * np.eye(8)])
    right = np.concatenate([labels, inputs @ start, (40 * eta) ** 0.5 * start])
    expected = np.linalg.lstsq(rows, right, rcond=None)[0]
    mixed = w2s.LabelMixing(w2s.Ridge(eta, num_weak=20), 0.5)
    value = mixed.fit(task.source, data, key=jax.random.key(3)).coefficients
    np.testing.assert_allclose(value, expected, atol=1e-10)
