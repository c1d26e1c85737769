"""The setting of the paper: uniform features, orthonormal concepts, a weak model that may shrink."""

from typing import Any

import jax
import numpy as np
import pytest
from scipy.special import softmax

import w2s_sim as w2s
from w2s_sim.files.task_table import read_task


@pytest.mark.parametrize(("scale", "bias"), [(1.0, 0.7), (0.3, 0.0), (-0.5, 1.2)])
def test_weak_concepts_are_orthogonal_to_all_concepts_but_their_own(scale: float, bias: float) -> None:
    task = w2s.paper_task(10, 5, scale=scale, bias=bias)
    weak, concepts = np.asarray(task.supervisor.vectors), np.asarray(task.source.vectors)
    np.testing.assert_allclose(weak @ concepts.T, scale * np.eye(5), atol=1e-6)
    np.testing.assert_allclose(np.sum(weak**2, axis=1), scale**2 + bias**2, rtol=1e-5)
    assert int(task.target_concept) == 4


def test_inputs_are_uniform_on_the_cube(standard_errors_off: Any) -> None:
    task = w2s.paper_task()
    inputs = np.asarray(task.sample_inputs(50_000, key=jax.random.key(0)))
    assert np.abs(inputs).max() <= 1.0
    for power in (2, 4):
        assert standard_errors_off(inputs**power, 1 / (power + 1)) < 5
    student = w2s.LinearStudent(task.target_vector + 0.3 * np.eye(8)[5])
    assert float(task.excess_risk(student)) == pytest.approx(0.03, rel=1e-5)


def test_a_file_describes_it() -> None:
    task: Any = read_task(
        {
            "dim": 8,
            "num_concepts": 4,
            "noise": 0.5,
            "source_prior": [0.48, 0.24, 0.16, 0.12],
            "target_prior": [0.0, 0.0, 0.0, 1.0],
            "features": "cube",
            "weak": {"kind": "biased", "bias": 0.7, "scale": 0.8},
        }
    )
    expected = w2s.paper_task()
    np.testing.assert_allclose(task.supervisor.vectors, expected.supervisor.vectors, atol=1e-6)
    np.testing.assert_allclose(task.source.prior, expected.source.prior, rtol=1e-6)
    assert type(task.features) is type(expected.features)


def test_the_floor_and_the_identification_bound_against_plain_numpy() -> None:
    """Ridge stays above the floor, and the posterior below its bound: simulated without the package."""
    generator = np.random.default_rng(0)
    task = w2s.paper_task()
    start, weak = np.asarray(task.source_vector), np.asarray(task.weak_vector)
    target = np.asarray(task.target_vector)
    x = generator.uniform(-1, 1, size=(4000, 60, 8))
    y = x @ weak + 0.5 * generator.normal(size=(4000, 60))
    moments = np.einsum("rni,rnj->rij", x, x) / 60 + 0.1 * np.eye(8)
    pulls = np.einsum("rni,rn->ri", x, y - x @ start) / 60
    errors = start + np.linalg.solve(moments, pulls[..., None])[..., 0] - target
    risks = np.sum(errors**2, axis=1)
    floor = float(w2s.naive_floor(task))
    assert floor < risks.mean() - 5 * risks.std() / 4000**0.5
    assert risks.mean() < 1.25 * floor
    read = slice(0, 16)
    residuals = y[:, read, None] - x[:, read] @ np.eye(8)[:, :4]
    wrong = (
        1 - softmax(np.log(np.asarray(task.source.prior)) - 2 * np.sum(residuals**2, axis=1), axis=1)[:, 3]
    )
    assert wrong.mean() + 5 * wrong.std() / 4000**0.5 < float(w2s.identification_bound(task, 16))


@pytest.mark.parametrize("scale", [np.nan, np.inf])
def test_a_bad_scale_is_refused(scale: Any) -> None:
    with pytest.raises(w2s.InputError, match=r"^weak\.scale: got .*; expected a"):
        w2s.biased_supervisor(w2s.canonical_task().source, 0.7, 0.5, scale=scale)
