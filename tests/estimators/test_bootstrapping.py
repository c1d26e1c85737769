"""Bootstrapping: the chain step by step in plain NumPy, and what its arguments may be."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import w2s_sim as w2s
from w2s_sim.errors import InputError
from w2s_sim.estimators import Bootstrapping, Ridge
from w2s_sim.estimators.prefixes import prefix_statistic_of
from w2s_sim.files.grid import read_grid

MIDDLE = np.array([[0.1, 0.2, 0.3, 0.4, 0.5, 0.0, 0.0, 0.0], [0.0, 0.0, 0.0, 0.9, 0.0, 0.3, 0.0, 0.0]])
RIDGES = [0.5, 0.2, 0.1]


def by_hand(inputs: list[np.ndarray], labels: np.ndarray, starts: np.ndarray) -> np.ndarray:
    student = starts[0]
    for position, (x, start, ridge) in enumerate(zip(inputs, starts, RIDGES, strict=True)):
        taught = labels if position == 0 else x @ student
        system = x.T @ x / len(x) + ridge * np.eye(8)
        student = start + np.linalg.solve(system, x.T @ (taught - x @ start) / len(x))
    return student


@pytest.mark.parametrize("inputs", ["fresh", "shared"])
@pytest.mark.usefixtures("x64")
def test_chain_step_by_step(inputs: Any) -> None:
    task = w2s.canonical_task()
    estimator = Bootstrapping(MIDDLE, RIDGES, num_weak=12, inputs=inputs)
    assert estimator.sample_size == (36 if inputs == "fresh" else 12)
    data = task.sample_weak(estimator.sample_size, key=jax.random.key(0))
    student = estimator.fit(task.source, data, key=jax.random.key(1)).coefficients
    own = np.split(np.asarray(data.inputs), 3) if inputs == "fresh" else [np.asarray(data.inputs)] * 3
    starts = np.concatenate([MIDDLE, np.asarray(task.source_vector)[None]])
    np.testing.assert_allclose(student, by_hand(own, np.asarray(data.labels)[:12], starts), atol=1e-10)


@pytest.mark.parametrize("inputs", ["fresh", "shared"])
@pytest.mark.usefixtures("x64")
def test_moments_of_the_first_pairs_are_enough(inputs: Any) -> None:
    """Of 200 pairs, 150 are for the chain: blocks of sums end within its parts."""
    task = w2s.canonical_task()
    estimator = Bootstrapping(MIDDLE, RIDGES, num_weak=12, inputs=inputs).with_sample_size(152)
    assert estimator.sample_size == (150 if inputs == "fresh" else 152)
    data = task.sample_weak(200, key=jax.random.key(2))
    statistic = prefix_statistic_of(estimator, task.source)
    assert statistic is not None
    prepared = statistic.prepare(task.source, data)
    seen = statistic.first(task.source, prepared, jnp.asarray(estimator.sample_size))
    student = estimator.fit_statistic(task.source, seen, key=jax.random.key(0))
    alone = estimator.fit(task.source, data[: estimator.sample_size], key=jax.random.key(0))
    np.testing.assert_allclose(student.coefficients, alone.coefficients, atol=1e-12)
    assert estimator.with_sample_size(1).num_weak == 1


@pytest.mark.usefixtures("x64")
def test_later_labels_are_not_read() -> None:
    task = w2s.canonical_task()
    estimator = Bootstrapping(MIDDLE, RIDGES, num_weak=12)
    data = task.sample_weak(36, key=jax.random.key(0))
    changed = w2s.WeakData(data.inputs, data.labels.at[12:].set(7.0))
    fits = [estimator.fit(task.source, pairs, key=jax.random.key(1)) for pairs in (data, changed)]
    np.testing.assert_array_equal(fits[0].coefficients, fits[1].coefficients)


@pytest.mark.usefixtures("x64")
def test_a_middle_model_that_copies_leaves_a_single_student() -> None:
    """Least squares on exact labels is their model: the chain ends where its first model ends."""
    task = w2s.canonical_task()
    chain = Bootstrapping(jnp.asarray(task.source_vector)[None], [0.3, 0.0], num_weak=20)
    data = task.sample_weak(40, key=jax.random.key(3))
    single = Ridge(0.3, num_weak=20).fit(task.source, data[:20], key=jax.random.key(0))
    student = chain.fit(task.source, data, key=jax.random.key(0))
    np.testing.assert_allclose(student.coefficients, single.coefficients, atol=1e-10)


@pytest.mark.parametrize(
    ("field", "arguments"),
    [
        ("middle", {"middle": np.zeros((0, 8))}),
        ("middle", {"middle": np.zeros(8)}),
        ("ridges", {"ridges": [0.1, 0.2]}),
        ("ridges", {"ridges": [0.1, -0.2, 0.3]}),
        ("num_weak", {"num_weak": 0}),
    ],
)
def test_bad_arguments_are_refused(field: str, arguments: dict[str, Any]) -> None:
    given: dict[str, Any] = {"middle": MIDDLE, "ridges": RIDGES, "num_weak": 4, **arguments}
    with pytest.raises(InputError, match=rf"^{field}: "):
        Bootstrapping(**given)


def test_middle_models_of_other_features_are_refused() -> None:
    task = w2s.canonical_task()
    chain = Bootstrapping(np.zeros((1, 3)), [0.1, 0.1], num_weak=4)
    with pytest.raises(InputError, match=r"^middle: got shape \(1, 3\); expected shape \(1, 8\)"):
        chain.fit(task.source, task.sample_weak(8, key=jax.random.key(0)), key=jax.random.key(0))


def test_study_sweeps_whole_chains() -> None:
    task = {
        "dim": 4,
        "noise": 0.5,
        "num_concepts": 2,
        "source_prior": [0.5, 0.5],
        "target_prior": [0.0, 1.0],
        "weak": {"kind": "biased", "bias": 0.5},
    }
    estimator = {"kind": "bootstrap", "middle": [[0.2, 0.8, 0.0, 0.0]], "num_weak": 10}
    document = {"task": task, "estimator": [{**estimator, "ridges": [[0.3, 0.1], [1.0, 0.1]]}]}
    cells = read_grid(document).cells(grouped=False)
    estimators: list[Any] = [cell.case.estimator for cell in cells]
    np.testing.assert_allclose([chain.ridges for chain in estimators], [[0.3, 0.1], [1.0, 0.1]], rtol=1e-6)
    assert {chain.sample_size for chain in estimators} == {20}
