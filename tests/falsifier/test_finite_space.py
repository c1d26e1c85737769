"""The search space of finite tasks: probabilities stay probabilities, and one model stays one."""

import dataclasses

import jax.numpy as jnp
import numpy as np

from w2s_sim.concepts import CategoricalModel, HiddenMarkovModel
from w2s_sim.estimators import InContext
from w2s_sim.falsifier import SearchSpace, falsify
from w2s_sim.statements import Case, find_statement
from w2s_sim.statements.em_refinement.lemmas import iterated
from w2s_sim.statements.shared.finite_examples import language_task, table_task
from w2s_sim.tasks.finite_task import FiniteTask


def moved(case: Case[FiniteTask]) -> Case[FiniteTask]:
    space = SearchSpace.around(case)
    return space.case_at(jnp.asarray(np.random.default_rng(0).uniform(-1, 1, space.size), dtype=float))


def test_weak_model_that_is_the_strong_one_moves_with_it() -> None:
    statement = find_statement("em-refinement")
    start = iterated("", table_task(), 4)
    end = moved(start)
    before, source, weak = start.task.source, end.task.source, end.task.supervisor
    assert isinstance(before, CategoricalModel)
    assert isinstance(source, CategoricalModel)
    assert isinstance(weak, CategoricalModel)
    assert np.abs(source.tables - before.tables).max() > 0.05
    np.testing.assert_array_equal(source.tables, weak.tables)
    np.testing.assert_allclose(source.tables.sum(axis=-1), 1.0, atol=1e-6)
    assert statement.broken_assumption(end) is None


def test_weak_model_of_its_own_moves_on_its_own() -> None:
    start = Case("", language_task(), InContext(4))
    source, weak = moved(start).task.source, moved(start).task.supervisor
    assert isinstance(source, HiddenMarkovModel)
    assert isinstance(weak, HiddenMarkovModel)
    # Before the move the transitions of the two were the same.
    assert np.abs(source.transition - weak.transition).max() > 0.05
    for rows in (source.transition, weak.emission, source.initial):
        np.testing.assert_allclose(rows.sum(axis=-1), 1.0, atol=1e-6)


def test_search_comes_near_the_best_possible_constant() -> None:
    """From a case at 0.38 of the bound; the page has cases at any ratio below one."""
    statement = find_statement("em-refinement")
    start = next(case for case in statement.cases("quick") if case.name.startswith("source prior far"))
    alone = dataclasses.replace(statement, cases=lambda preset: [start])
    finding = falsify(alone, budget=60.0, points=600)
    assert finding.verdict.verdict == "certified"
    assert 0.5 < finding.pressure < 1.0
