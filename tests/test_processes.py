"""One precision and one process: what was made in another is used without harm, or refused in one line."""

import json
import pickle
import subprocess
import sys
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import w2s_sim as w2s
from w2s_sim.engine.replication import RoomError
from w2s_sim.precision import in_precision

ESTIMATORS: dict[str, Any] = {
    "ridge": lambda: w2s.Ridge(0.3, num_weak=20),
    "projection": lambda: w2s.HullProjection(w2s.Ridge(0.3, num_weak=20)),
    "iterated": lambda: w2s.IteratedRefinement(3, num_weak=20),
    "oracle": lambda: w2s.Oracle([0.3, 0.3, 0.2, 0.2]),
}
FORKED = """
import json, multiprocessing, os, sys
import jax
import w2s_sim as w2s

task = w2s.canonical_task()
case = w2s.Case("", task, w2s.InContext(4))
CALLS = {
    "check": lambda: w2s.check("naive-floor"),
    "compare": lambda: w2s.compare(task, {"in context": w2s.InContext(4)}),
    "compare_priors": lambda: w2s.compare_priors(task, {"in context": w2s.InContext(4)}),
    "replicate": lambda: w2s.replicate(lambda key, case: 1.0, case, seed=0, start=0, stop=1),
    "falsify": lambda: w2s.falsify("naive-floor"),
    "fit": lambda: case.fit(key=None),
    "task": lambda: w2s.canonical_task(),
    "seed": lambda: w2s.check("naive-floor", seed=1),
}

def call(name):
    return CALLS[name]()

def answers(name):
    try:
        CALLS[name]()
    except w2s.InputError as error:
        return str(error)
    return "no error"

def fork(start):
    with multiprocessing.get_context("fork").Pool(1) as pool:
        return start(pool)

said = fork(lambda pool: pool.map(answers, CALLS))
try:
    # The complaint itself comes through to the process that waits for it.
    fork(lambda pool: pool.map(call, ["check"]))
except w2s.InputError as error:
    said.append(str(error))
print(json.dumps(said))
"""


def both(make: Any) -> tuple[Any, Any]:
    """What is made in float32, and in float64."""
    with jax.enable_x64(True):
        double = make()
    return make(), double


@pytest.mark.parametrize("name", ESTIMATORS)
def test_float64_numbers_are_refused_where_float32_is_at_hand(name: str) -> None:
    task, double_task = both(w2s.canonical_task)
    estimator, double = both(ESTIMATORS[name])
    case = w2s.Case("", double_task, estimator)
    mistakes = [
        lambda: w2s.compare(double_task, {name: estimator}, replicates=4),
        lambda: w2s.compare_priors(double_task, {name: estimator}, replicates=4),
        lambda: case.fit(key=jax.random.key(0)),
        lambda: w2s.replicate(lambda key, case: case.task.weak_risk, case, seed=0, start=0, stop=1),
        lambda: w2s.check("naive-floor", cases=case),
    ]
    if jax.tree.leaves(estimator):
        mistakes.append(lambda: w2s.compare(task, {name: double}, replicates=4))
    for mistake in mistakes:
        with pytest.raises(
            w2s.InputError, match="got float64 while the precision is float32; expected"
        ) as caught:
            mistake()
        assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", ESTIMATORS)
def test_float32_numbers_are_widened_where_float64_is_at_hand(name: str) -> None:
    """To the same numbers as those that are made of them in float64."""
    task, estimator = w2s.canonical_task(), ESTIMATORS[name]()
    with jax.enable_x64(True):
        wide = w2s.TransferTask(
            task.features,
            w2s.RegressionModel(task.source.prior, task.source.vectors, task.source.noise),
            task.target_prior,
            w2s.RegressionSupervisor(task.supervisor.vectors, task.supervisor.noise),
        )
        found = w2s.compare(task, {name: estimator}, replicates=16, seed=5)
        expected = w2s.compare(wide, {name: in_precision(estimator)}, replicates=16, seed=5)
        np.testing.assert_allclose(found["risk"], expected["risk"], rtol=1e-10)
        student = w2s.Case("", task, estimator).fit(key=jax.random.key(0))
        assert student.coefficients.dtype == jnp.float64


def test_probabilities_that_are_widened_sum_to_one() -> None:
    prior = w2s.Oracle(np.full(7, 1.0 / 7.0))
    with jax.enable_x64(True):
        assert abs(float(in_precision(prior).prior.sum()) - 1.0) < 1e-15
    assert in_precision(prior) is prior


def test_a_fork_of_a_process_with_jax_is_answered_in_one_line() -> None:
    """Without the answer it would wait for ever."""
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", FORKED], capture_output=True, text=True, timeout=300
    )
    said = json.loads(done.stdout)
    assert len(said) == 9
    for text in said:
        assert text.startswith("process: got a fork of a process in which JAX had started; expected")
        assert "'spawn'" in text


def test_a_fork_before_jax_starts_is_a_process_like_any_other() -> None:
    code = """
import os, w2s_sim as w2s
if os.fork() == 0:
    print(float(w2s.naive_floor(w2s.canonical_task())), flush=True)
    os._exit(0)
os.wait()
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=300)
    assert float(done.stdout) == pytest.approx(0.343150, abs=1e-6)


@pytest.mark.parametrize("error", [w2s.InputError("field", 1, "2", "file"), RoomError(10, 20)])
def test_complaints_come_through_between_processes(error: w2s.InputError) -> None:
    again = pickle.loads(pickle.dumps(error))
    assert type(again) is type(error)
    assert (str(again), vars(again)) == (str(error), vars(error))
