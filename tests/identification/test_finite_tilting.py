"""Tilted sampling of finite models, against enumeration of all contexts."""

import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from w2s_sim.identification.finite_tilting import FiniteTilt
from w2s_sim.identification.rare_events import rare_misidentification
from w2s_sim.identification.rate import identification_exponents, sharp_log_misidentification
from w2s_sim.identification.tilting import tilted_context, tilting_plan
from w2s_sim.statements.shared.finite_examples import language_task, table_task
from w2s_sim.tasks.finite_task import FiniteTask


def enumerated(task: FiniteTask, size: int) -> float:
    """log E[1 - pi_n(k*)] by the sum over all contexts of `size` outcomes."""
    laws = np.exp(np.asarray(task.source.log_outcome_probabilities(), dtype=np.float64))
    weak = np.asarray(task.weak_law, dtype=np.float64)
    prior, star = np.asarray(task.source.prior, dtype=np.float64), int(task.target_concept)
    total = 0.0
    for context in itertools.product(range(len(weak)), repeat=size):
        posterior = prior * laws[:, context].prod(axis=1)
        total += weak[list(context)].prod() * (1.0 - posterior[star] / posterior.sum())
    return float(np.log(total))


@pytest.mark.parametrize("size", [1, 4])
def test_against_all_contexts(size: int) -> None:
    task = table_task(share=0.2)
    found = rare_misidentification(task, size, replicates=20_000)
    assert found.relative_se < 0.01
    assert abs(np.expm1(found.log_value - enumerated(task, size))) < 5 * found.relative_se


@pytest.mark.parametrize("task", [table_task(), language_task()], ids=["tables", "languages"])
def test_against_the_expansion_in_the_size(task: FiniteTask) -> None:
    found = rare_misidentification(task, 192, replicates=10_000)
    expected = float(sharp_log_misidentification(task, jnp.asarray(192.0)))
    assert abs(found.log_value - expected) < 5 * found.relative_se + 0.02


@pytest.mark.usefixtures("x64")
def test_tilted_weights_are_the_tilted_law() -> None:
    task = table_task(share=0.3)
    _, exponents = identification_exponents(task)
    tilt = FiniteTilt.of(task, exponents)
    laws, star = np.exp(task.source.log_outcome_probabilities()), int(task.target_concept)
    for k in range(task.num_concepts):
        weights = np.asarray(task.weak_law) * (laws[k] / laws[star]) ** float(exponents[k])
        np.testing.assert_allclose(
            np.diff(tilt.cumulative[k], prepend=0.0), weights / weights.sum(), rtol=1e-9
        )
        assert float(tilt.log_moments[k]) == pytest.approx(float(np.log(weights.sum())), abs=1e-10)


def test_outcomes_are_drawn_with_their_weights() -> None:
    task = table_task(share=0.3)
    plan = tilting_plan(task, 8)
    count = 50_000
    data = tilted_context(task, plan, count, jnp.asarray(1), key=jax.random.key(0))
    inputs, labels = task.source.outcomes
    assert isinstance(plan.law, FiniteTilt)
    expected = np.diff(np.asarray(plan.law.cumulative[1], dtype=np.float64), prepend=0.0)
    for x, y, weight in zip(inputs, labels, expected, strict=True):
        share = float(np.mean((np.asarray(data.inputs) == x) & (np.asarray(data.labels) == y)))
        assert abs(share - weight) < 5 * np.sqrt(weight * (1 - weight) / count) + 1e-9
