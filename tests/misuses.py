"""What a newcomer writes by mistake, each with the field that the answer must name. Run without type checks.

Prints a JSON object: for each mistake the type of the exception and its text, or "no error".
"""

import json
import os
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pandas as pd

import w2s_sim as w2s
from w2s_sim.statements.shared.finite_examples import table_task

v: Any = w2s
TASK: Any = w2s.canonical_task()
TABLES: Any = table_task()
RIDGE: Any = w2s.Ridge(0.3, num_weak=20)
CASE: Any = w2s.Case("mine", TASK, RIDGE)
TABLE_CASE = w2s.Case("tables", TABLES, w2s.InContext(4))
FLOOR = w2s.find_statement("naive-floor")
KEY = jax.random.key(0)
STUDENT = w2s.LinearStudent(np.ones(8))


def error_of(case: Any, key: Any) -> Any:
    return w2s.squared_error(case.task, case.fit(key=key))


def branching(key: Any, case: Any) -> Any:
    error = error_of(case, key)
    return error if error > 0.5 else 0.0 * error


def check(**changes: Any) -> Any:
    """A statement of one's own with something wrong in it."""
    fields: dict[str, Any] = {
        "id": "toy",
        "kind": "upper",
        "measure": lambda key, case: error_of(case, key),
        "bound": lambda case: 2.0,
        "cases": lambda preset: [CASE],
    }
    return w2s.check(w2s.Statement(**(fields | changes)))


def task(**changes: Any) -> Any:
    fields: dict[str, Any] = {"source_prior": [0.5, 0.5], "target_prior": [0, 1]}
    return v.regression_task(**({"dim": 4, "num_concepts": 2} | fields | changes))


def measured(function: Any, **options: Any) -> Any:
    return w2s.replicate(function, CASE, **({"seed": 0, "start": 0, "stop": 4} | options))


MISUSES: dict[str, dict[str, Callable[[], Any]]] = {
    "statements": {
        "a number": lambda: v.check(3),
        "none": lambda: v.check(),
        "a case": lambda: v.check(CASE),
        "falsify a case": lambda: v.falsify(CASE),
    },
    "theorem": {
        "an id misspelt": lambda: v.check("naive-flor"),
        "in a list": lambda: v.check(["naive-flor"]),
        "falsify": lambda: v.falsify("naive-flor"),
        "find a statement": lambda: v.find_statement(FLOOR),
    },
    "preset": {
        "unknown": lambda: v.check(FLOOR, preset="fast"),
        "misspelt": lambda: v.check(FLOOR, preset="quik"),
    },
    "baseline": {"misspelt": lambda: v.compare(TASK, {"ridge": RIDGE}, baseline="rigde")},
    "seed": {
        "a key": lambda: v.check(FLOOR, seed=KEY),
        "nothing": lambda: v.compare(TASK, {"ridge": RIDGE}, seed=None),
    },
    "alpha": {"a text": lambda: v.check(FLOOR, alpha="0.01"), "too large": lambda: v.check(FLOOR, alpha=2)},
    "budget": {"a text": lambda: v.falsify(FLOOR, budget="60")},
    "cases": {
        "a text": lambda: v.check(FLOOR, cases="mine"),
        "statement, a case": lambda: check(cases=CASE),
        "statement, a list": lambda: check(cases=[CASE]),
        "statement, a function of nothing": lambda: check(cases=lambda: [CASE]),
        "statement, one case": lambda: check(cases=lambda preset: CASE),
        "statement, no case": lambda: check(cases=lambda preset: []),
    },
    "cases[0]": {
        "a task": lambda: v.check(FLOOR, cases=[TASK]),
        "tables for regression": lambda: v.check(FLOOR, cases=[TABLE_CASE]),
        "regression for tables": lambda: v.check("hmm-identification", cases=[CASE]),
    },
    "cases[1]": {"a name twice": lambda: v.check(FLOOR, cases=[CASE, CASE])},
    "cases[0].estimator": {
        "not for tables": lambda: v.check("em-refinement", cases=[w2s.Case("", TABLES, RIDGE)])
    },
    "bound": {
        "a number": lambda: check(bound=2.0),
        "a function of nothing": lambda: check(bound=lambda: 2.0),
        "a vector": lambda: check(bound=lambda case: jnp.ones(3)),
        "nothing": lambda: check(bound=lambda case: None),
    },
    "measure": {
        "float()": lambda: check(measure=lambda key, case: float(error_of(case, key))),
        "if": lambda: check(measure=branching),
        "numpy": lambda: check(measure=lambda key, case: np.sum(np.asarray(case.fit(key=key).coefficients))),
        "item()": lambda: measured(lambda key, case: error_of(case, key).item()),
        "range()": lambda: measured(lambda key, case: len(range(jnp.argmax(jax.random.normal(key, (3,)))))),
        "nothing": lambda: check(measure=lambda key, case: None),
        "a student": lambda: check(measure=lambda key, case: case.fit(key=key)),
        "a vector": lambda: check(measure=lambda key, case: case.fit(key=key).coefficients),
        "a matrix": lambda: check(measure=lambda key, case: jnp.ones((2, 2))),
        "one argument": lambda: check(measure=lambda case: 1.0),
        "swapped arguments": lambda: check(measure=lambda case, key: error_of(case, key)),
        "a number": lambda: check(measure=0.3),
        "replicate, swapped": lambda: v.replicate(CASE, error_of, seed=0, start=0, stop=4),
    },
    "assumptions": {
        "one": lambda: check(assumptions=v.Assumption("any", lambda case: True)),
        "a function": lambda: check(assumptions=[lambda case: True]),
    },
    "controls": {"a list": lambda: check(controls=[v.Control(CASE, "any")])},
    "case": {"control, swapped": lambda: v.Control("any", CASE)},
    "start": {"negative": lambda: measured(lambda key, case: 1.0, start=-3)},
    "stop": {"a float": lambda: measured(lambda key, case: 1.0, stop=4.0)},
    "memory": {"a text": lambda: measured(lambda key, case: 1.0, memory="1G")},
    "estimators": {
        "a list": lambda: v.compare(TASK, [RIDGE]),
        "one": lambda: v.compare(TASK, RIDGE),
        "none": lambda: v.compare(TASK, {}),
        "a list, priors": lambda: v.compare_priors(TASK, [w2s.InContext(4)]),
    },
    "estimators['r']": {
        "a class": lambda: v.compare(TASK, {"r": v.Ridge}),
        "ridge on tables": lambda: v.compare(TABLES, {"r": RIDGE}),
        "tables' on regression": lambda: v.compare(TASK, {"r": v.FrequencyProjection(num_weak=4)}),
        "a class, priors": lambda: v.compare_priors(TASK, {"r": v.InContext}),
    },
    "task": {
        "swapped with estimators": lambda: v.compare({"r": RIDGE}, TASK),
        "a case": lambda: v.compare(CASE, {"r": RIDGE}),
        "case, a model": lambda: v.Case("", TASK.source, RIDGE),
        "floor of a case": lambda: v.naive_floor(CASE),
        "floor of tables": lambda: v.naive_floor(TABLES),
        "error, swapped": lambda: v.squared_error(STUDENT, TASK),
    },
    "estimator": {
        "a class": lambda: v.Case("", TASK, v.Ridge),
        "swapped with the task": lambda: v.Case("", RIDGE, TASK),
        "fit, not for tables": lambda: v.Case("", TABLES, RIDGE).fit(key=KEY),
        "bare fit, not for tables": lambda: RIDGE.fit(
            TABLES.source, TABLES.sample_weak(20, key=KEY), key=KEY
        ),
    },
    "name": {"a number": lambda: v.Case(1, TASK, RIDGE)},
    "key": {
        "a seed": lambda: CASE.fit(key=0),
        "sample, a seed": lambda: TASK.sample_weak(4, key=0),
        "sample, nothing": lambda: TASK.sample_weak(4, key=None),
        "map, a seed": lambda: v.random_fourier_map(2, 3, key=0),
    },
    "prior": {
        "oracle of other concepts": lambda: v.compare(TASK, {"o": v.Oracle([0, 1])}, replicates=4),
        "one concept": lambda: v.Oracle(3),
    },
    "covariance": {
        "of other features": lambda: v.compare(TASK, {"h": v.HullProjection(RIDGE, np.eye(3))}, replicates=4),
        "a text": lambda: v.HullProjection(RIDGE, "identity"),
    },
    "spread": {
        "of other features": lambda: v.compare(
            TASK, {"c": v.ConjugateRefinement(4, np.eye(3))}, replicates=4
        ),
        "a text": lambda: v.ConjugateRefinement(4, "0.5"),
    },
    "middle": {
        "of other features": lambda: v.compare(
            TASK, {"b": v.Bootstrapping(np.zeros((1, 3)), [0.1, 0.1], num_weak=4)}, replicates=4
        ),
        "a text": lambda: v.Bootstrapping("none", [0.1, 0.1], num_weak=4),
    },
    "features": {
        "a class": lambda: task(features=v.Gaussian),
        "misspelt": lambda: task(features="gausian"),
        "nothing": lambda: task(features=None),
        "a number": lambda: task(features=2.0),
        "variances": lambda: task(features=[1.0, 2.0, 3.0, 4.0]),
        "of other dimension": lambda: task(features=np.eye(3)),
        "not symmetric": lambda: task(features=np.eye(4) + np.eye(4, k=1)),
        "negative": lambda: task(features=1e-6 * np.diag([1.0, 1.0, 1.0, -0.1])),
        "not finite": lambda: task(features=np.diag([1.0, 1.0, 1.0, np.nan])),
        "zero": lambda: task(features=np.zeros((4, 4))),
        "task, swapped": lambda: v.TransferTask(
            TASK.source, TASK.features, TASK.target_prior, TASK.supervisor
        ),
    },
    "base": {
        "a matrix": lambda: v.Anisotropic(np.eye(3)),
        "swapped": lambda: v.Anisotropic(np.eye(3), v.Gaussian(3)),
        "a class": lambda: v.Anisotropic(v.Gaussian, np.eye(3)),
        "a name": lambda: v.Anisotropic("gaussian", np.eye(3)),
        "map, swapped": lambda: v.MappedFeatures(v.PolynomialMap(1, 2), v.Gaussian(1)),
    },
    "factor": {
        "missing": lambda: v.Anisotropic(v.Gaussian(3)),
        "a vector": lambda: v.Anisotropic(v.Gaussian(3), [1, 2, 3]),
        "a text": lambda: v.Anisotropic(v.Gaussian(3), "identity"),
    },
    "feature_map": {
        "a name": lambda: v.MappedFeatures(v.Gaussian(1), "polynomial"),
        "a class": lambda: v.MappedFeatures(v.Gaussian(1), v.PolynomialMap),
        "float()": lambda: v.MappedFeatures(v.Gaussian(1), lambda z: jnp.array([float(z[0])])),
    },
    "dim": {"a covariance": lambda: v.Gaussian(np.eye(3)), "a float": lambda: task(dim=4.0)},
    "noise": {
        "a text": lambda: task(noise="0.5"),
        "a list": lambda: task(noise=[0.5, 0.5]),
        "nothing": lambda: task(noise=None),
    },
    "weak.bias": {"a list": lambda: task(bias=[0.5, 0.6]), "a text": lambda: task(bias="0.7")},
    "weak.directions": {"a text": lambda: v.biased_supervisor(TASK.source, 0.7, 0.5, "random")},
    "weak.concepts": {
        "a vector": lambda: v.RegressionSupervisor(np.ones(3), 0.5),
        "a model": lambda: v.RegressionSupervisor(TASK.source, 0.5),
    },
    "weak.noise": {"a list": lambda: v.RegressionSupervisor(np.eye(3), [0.5] * 3)},
    "concepts": {
        "rows of several lengths": lambda: task(concepts=[[1, 0, 0, 0], [1]]),
        "complex numbers": lambda: task(concepts=1j * np.eye(2, 4)),
        "a text": lambda: v.RegressionModel([0.5, 0.5], "random", 0.5),
    },
    "source_prior": {"a name": lambda: task(source_prior="even"), "nothing": lambda: task(source_prior=None)},
    "target_prior": {"an index": lambda: task(target_prior=1)},
    "law": {"a name": lambda: task(law="laplace"), "a class": lambda: task(law=v.LaplaceNoise)},
    "supervisor": {
        "a name": lambda: task(supervisor="noisy"),
        "a function": lambda: task(supervisor=v.noisy_supervisor),
        "a model": lambda: task(supervisor=TASK.source),
    },
    "model": {
        "noisy, a task": lambda: v.noisy_supervisor(TASK, 0.5),
        "biased, a task": lambda: v.biased_supervisor(TASK, 0.7, 0.5),
    },
    "source": {
        "tables for regression": lambda: v.TransferTask(
            TASK.features, TABLES.source, TABLES.target_prior, TASK.supervisor
        ),
        "regression for tables": lambda: v.FiniteTask(TASK.source, TASK.target_prior, TASK.source),
        "fit, a task": lambda: RIDGE.fit(TASK, TASK.sample_weak(20, key=KEY), key=KEY),
    },
    "data": {
        "a tuple": lambda: RIDGE.fit(TASK.source, (np.ones((20, 8)), np.ones(20)), key=KEY),
        "too few": lambda: v.Refinement(16, v.LeastSquares(num_weak=60)).fit(
            TASK.source, TASK.sample_weak(7, key=KEY), key=KEY
        ),
    },
    "inputs": {
        "of other features": lambda: TASK.source.log_posterior(jnp.ones((3, 7)), jnp.ones(3)),
        "of a chain": lambda: v.Bootstrapping(np.zeros((1, 8)), [0.1, 0.1], num_weak=4, inputs="some"),
    },
    "ridge": {
        "a text": lambda: v.Ridge("0.3", num_weak=60),
        "a list": lambda: v.Ridge([0.3, 0.4], num_weak=60),
        "nothing": lambda: v.Ridge(None, num_weak=60),
    },
    "num_weak": {
        "a float": lambda: v.Ridge(0.3, num_weak=60.0),
        "negative": lambda: v.Ridge(0.3, num_weak=-3),
    },
    "num_demonstrations": {
        "none": lambda: v.InContext(0),
        "a list": lambda: v.InContext([1, 2, 4]),
        "swapped with the student": lambda: v.Refinement(v.LeastSquares(num_weak=60), 16),
    },
    "student": {
        "a number": lambda: v.Refinement(16, 60),
        "a class": lambda: v.Refinement(16, v.LeastSquares),
        "no fine-tuning": lambda: v.LabelMixing(v.InContext(4), 0.5),
        "projection, a number": lambda: v.HullProjection(60),
        "conjugate, a class": lambda: v.ConjugateRefinement(16, 0.5, v.Ridge),
        "risk of an array": lambda: TASK.excess_risk(np.ones(8)),
        "error of an array": lambda: v.squared_error(TASK, np.ones(8)),
        "tables, a linear student": lambda: TABLES.excess_risk(STUDENT),
    },
    "student.coefficients": {"too few": lambda: TASK.excess_risk(v.LinearStudent(np.ones(3)))},
    "coefficients": {"a matrix": lambda: v.LinearStudent(np.eye(2))},
    "channel": {"a supervisor": lambda: v.MaximumLikelihood(TASK.supervisor, num_weak=10)},
    "shares": {"above one": lambda: v.SmoothingUnknown([0.1, 2.0], num_weak=10)},
    "degrees_of_freedom": {"a list": lambda: v.StudentTNoise([3, 4])},
    "student_risk": {"a text": lambda: v.performance_gap_recovered("a", 0.3)},
}

# What looks like a mistake and means one thing only.
ACCEPTED: dict[str, Callable[[], Any]] = {
    "one case": lambda: v.check(FLOOR, cases=CASE),
    "a prior as a series": lambda: task(source_prior=pd.Series([0.5, 0.5])),
    "concepts as a table": lambda: task(concepts=pd.DataFrame(np.eye(2, 4))),
    "a covariance in lists": lambda: task(features=np.eye(4).tolist()),
    "weak data in lists": lambda: RIDGE.fit(TASK.source, v.WeakData([[1.0] * 8] * 20, [1.0] * 20), key=KEY),
    "risks in lists": lambda: v.performance_gap_recovered([0.1, 0.2], [0.3, 0.3]),
    "tables, fit": lambda: TABLES.excess_risk(TABLE_CASE.fit(key=KEY)),
    "tables, compared": lambda: v.compare(TABLES, {"in context": v.InContext(4)}, replicates=4),
    "an estimator that the theorem does not speak of": lambda: v.check("refinement-risk", cases=CASE),
}


def outcome(call: Callable[[], Any]) -> tuple[str, str, str]:
    """Type, text and cause of what a call raises."""
    try:
        call()
    except Exception as error:
        return type(error).__name__, str(error), type(error.__cause__).__name__
    return "no error", "", ""


def main() -> None:
    answers = {
        field: {name: outcome(call) for name, call in calls.items()} for field, calls in MISUSES.items()
    }
    answers["accepted"] = {name: outcome(call) for name, call in ACCEPTED.items()}
    print(json.dumps(answers), flush=True)
    # Threads that compile ahead may not be over.
    os._exit(0)


if __name__ == "__main__":
    main()
