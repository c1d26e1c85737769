"""Types that are checked when the tests run: they must hold on every Python that the package supports."""

from typing import Any

import jax.numpy as jnp
import pytest
from jaxtyping import TypeCheckError

import w2s_sim as w2s
from w2s_sim.statements import Case, Sampling
from w2s_sim.statements.shared.finite_examples import language_task, style_content_task, table_task

ESTIMATOR = w2s.InContext(4)
TASKS = [w2s.canonical_task(), table_task(), language_task(), style_content_task()]


@pytest.mark.parametrize("task", TASKS, ids=lambda task: type(task.source).__name__)
def test_cases_hold_tasks_of_any_kind(task: Any) -> None:
    case = Case("any", task, ESTIMATOR)
    assert case.sampling == Sampling(task, 4, 1)


def test_a_case_without_an_estimator_is_noticed() -> None:
    """By the case itself, before its types are checked."""
    nothing: Any = "no estimator"
    with pytest.raises(w2s.InputError, match="estimator: got 'no estimator'"):
        Case("any", TASKS[0], nothing)


def test_shapes_are_checked() -> None:
    source = w2s.canonical_task().source
    assert source.log_likelihood(jnp.ones((3, 8)), jnp.ones(3)).shape == (3, 4)
    with pytest.raises(TypeCheckError):
        source.log_likelihood(jnp.ones((3, 8)), jnp.ones((3, 2)))
