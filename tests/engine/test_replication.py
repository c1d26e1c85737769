"""The engine: replicate i depends on (seed, i) alone, to the bit."""

import itertools

import jax
import numpy as np
import pytest

import w2s_sim as w2s
from w2s_sim.engine.replication import tiles_of
from w2s_sim.statements import FromWeakData, find_statement
from w2s_sim.statements.shared.student_error import student_error

CASE = w2s.Case("", w2s.canonical_task(), w2s.Ridge(0.3, num_weak=20))
MEASURE = FromWeakData(student_error)


def values(start: int, stop: int, seed: int = 0, case: w2s.Case = CASE) -> np.ndarray:
    return w2s.replicate(MEASURE, case, seed=seed, start=start, stop=stop)


def test_values_do_not_depend_on_how_the_range_is_cut() -> None:
    cuts = [0, 1, 7, 511, 512, 513, 1000]
    pieces = [values(start, stop) for start, stop in itertools.pairwise(cuts)]
    np.testing.assert_array_equal(np.concatenate(pieces), values(0, 1000))


def test_seed_matters_and_the_name_of_the_case_does_not() -> None:
    renamed = w2s.Case("other", CASE.task, CASE.estimator)
    np.testing.assert_array_equal(values(0, 10), values(0, 10, case=renamed))
    assert not np.any(values(0, 10) == values(0, 10, seed=1))


def test_two_steps_give_what_one_gives() -> None:
    one = w2s.replicate(lambda key, case: MEASURE(key, case), CASE, seed=0, start=0, stop=50)
    np.testing.assert_allclose(values(0, 50), one, rtol=1e-4)


def test_key_of_a_replicate_is_folded_in() -> None:
    key = jax.random.fold_in(jax.random.key(0), 5)
    np.testing.assert_allclose(values(5, 6)[0], MEASURE(key, CASE), rtol=1e-4)


def test_too_little_memory_is_refused_with_the_figure() -> None:
    measure = find_statement("naive-floor").measure
    assert measure is not None
    with pytest.raises(w2s.InputError, match="memory: got 10 bytes; expected >= "):
        w2s.replicate(measure, CASE, seed=0, start=0, stop=1, memory=10)


def test_tiles_of_fewer_lanes_hold_the_same_replicates() -> None:
    few = w2s.replicate(MEASURE, CASE, seed=0, start=0, stop=30, lanes=10)
    np.testing.assert_allclose(few, values(0, 30), rtol=1e-4)
    cut = w2s.replicate(MEASURE, CASE, seed=0, start=7, stop=25, lanes=10)
    np.testing.assert_array_equal(cut, few[7:25])
    assert tiles_of(MEASURE, CASE, lanes=10).lanes == 10
    with pytest.raises(w2s.InputError, match="lanes: got 0; expected a whole number >= 1"):
        w2s.replicate(MEASURE, CASE, seed=0, start=0, stop=1, lanes=0)
