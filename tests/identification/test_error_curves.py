"""Errors after every n from nested contexts: against exact values, and against other simulations."""

import importlib
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pandas as pd
import pytest

import w2s_sim as w2s
from w2s_sim.estimators import InContext
from w2s_sim.identification import identification_errors
from w2s_sim.identification.contexts import DrawnContexts, OneByOne, posterior_risks
from w2s_sim.identification.error_curves import BATCH, COLUMNS
from w2s_sim.identification.residual_contexts import ResidualContexts, residual_factors
from w2s_sim.identification.two_concepts import misidentification_of_two_concepts
from w2s_sim.statements.shared.finite_examples import language_task

PRIOR = [0.5, 0.25, 0.15, 0.1]


def tilted_covariance(dim: int) -> np.ndarray:
    root = np.random.default_rng(dim).normal(size=(dim, dim)) / dim**0.5 + np.eye(dim)
    return root @ root.T


def more_concepts_than_features() -> w2s.TransferTask:
    concepts = np.random.default_rng(0).normal(size=(7, 2))
    weak = w2s.RegressionSupervisor(concepts + 0.3, 0.4)
    return w2s.regression_task(
        2, 7, source_prior=[1 / 7] * 7, target_prior=[1.0] + [0.0] * 6, concepts=concepts, supervisor=weak
    )


TASKS = {
    "canonical": w2s.canonical_task,
    "any covariance, noiseless weak labels": lambda: w2s.regression_task(
        9, 4, source_prior=PRIOR, target_prior=[0, 1, 0, 0], features=tilted_covariance(9), weak_noise=0.0
    ),
    "more concepts than features": more_concepts_than_features,
    "mixed target": lambda: w2s.regression_task(8, 4, source_prior=PRIOR, target_prior=[0.0, 0.2, 0.2, 0.6]),
}
RANKS = {
    "canonical": 4,
    "any covariance, noiseless weak labels": 4,
    "more concepts than features": 3,
    "mixed target": 4,
}


@pytest.mark.parametrize("name", TASKS)
def test_factors_have_the_covariance_of_the_residuals(name: str, x64: None) -> None:
    task = TASKS[name]()
    factors = residual_factors(task, np.arange(task.num_concepts))
    assert factors.shape[2] == RANKS[name]
    for j in range(task.num_concepts):
        shifts = np.asarray(task.supervisor.vectors[j] - task.source.vectors)
        covariance = shifts @ np.asarray(task.features.covariance) @ shifts.T
        covariance = (covariance + float(task.supervisor.noise) ** 2) / float(task.source.noise) ** 2
        np.testing.assert_allclose(factors[j] @ factors[j].T, covariance, rtol=1e-10, atol=1e-10)


def test_posteriors_see_the_residuals_alone(x64: None) -> None:
    """The algebra of the reduction: log posteriors of a context are those of its residuals."""
    task = TASKS["canonical"]()
    data = task.sample_weak(12, key=jax.random.key(0))
    residuals = (data.labels[:, None] - data.inputs @ task.source.vectors.T) / task.source.noise

    class Given(ResidualContexts):
        def residuals(self, *, key):
            return residuals

    contexts = Given.of(task, 12, 1)
    found = jax.nn.log_softmax(contexts.log_joint_path(key=jax.random.key(1)), axis=1)
    expected = task.source.log_posterior_path(data.inputs, data.labels)[1:]
    np.testing.assert_allclose(found, expected, atol=1e-10)


def standard_errors_between(first: pd.DataFrame, second: pd.DataFrame) -> float:
    """How far two independent tables of means are from each other: the worst entry."""
    worst = 0.0
    for name in COLUMNS:
        errors = np.hypot(first[f"{name}_se"], second[f"{name}_se"])
        gaps = np.abs(first[name] - second[name])
        worst = max(worst, float(np.max(gaps / np.maximum(errors, 1e-6))))
    return worst


@pytest.mark.parametrize("grouped", [False, True])
@pytest.mark.parametrize("name", TASKS)
def test_the_reduction_has_the_same_law(name: str, grouped: bool) -> None:
    task = TASKS[name]()
    reduced = identification_errors(task, 12, replicates=8192, grouped=grouped, seed=1)
    drawn = identification_errors(task, 12, replicates=8192, grouped=grouped, reduced=False, seed=2)
    assert list(reduced["n"]) == list(range(1, 13))
    assert standard_errors_between(reduced, drawn) < 5


def test_two_concepts_are_exact() -> None:
    task = w2s.regression_task(6, 2, source_prior=[0.6, 0.4], target_prior=[0, 1], noise=1.0)
    table = identification_errors(task, 8, replicates=16_384)
    exact = [np.exp(misidentification_of_two_concepts(task, n).log_value) for n in range(1, 9)]
    assert np.all(np.abs(table["mass_off_target"] - exact) < 5 * table["mass_off_target_se"])


def test_each_row_is_the_in_context_student_and_below_the_bound() -> None:
    task = w2s.canonical_task()
    table = identification_errors(task, 16, replicates=4096)
    sizes = (1, 4, 16)
    others = w2s.compare(task, {str(n): InContext(n) for n in sizes}, replicates=4096, seed=5)
    rows = table[table["n"].isin(sizes)]
    errors = np.hypot(np.asarray(rows["risk_se"]), np.asarray(others["risk_se"]))
    assert np.all(np.abs(np.asarray(rows["risk"]) - np.asarray(others["risk"])) < 5 * errors)
    bounds = [float(w2s.identification_bound(task, n)) for n in sizes]
    assert np.all(rows["mass_off_target"] - 5 * rows["mass_off_target_se"] < bounds)


def test_risks_of_a_quadratic_form_are_those_of_the_task(x64: None) -> None:
    task = w2s.regression_task(
        6,
        4,
        source_prior=PRIOR,
        target_prior=[0, 0.5, 0, 0.5],
        features=tilted_covariance(6),
        weak_noise=0.1,
        supervisor=w2s.RegressionSupervisor(np.ones((4, 6)), 0.2),
    )
    posteriors = jnp.asarray(np.random.default_rng(0).dirichlet(np.ones(4), 9))
    shifted = w2s.ShiftedTarget(
        task.features, task.source, task.target_prior, task.supervisor, jnp.arange(6.0)
    )
    for one in (task, shifted):
        np.testing.assert_allclose(posterior_risks(one)(posteriors), OneByOne(one)(posteriors), rtol=1e-10)


@pytest.mark.parametrize("given", [{"features": "rademacher"}, {"law": w2s.LaplaceNoise()}])
def test_what_is_not_normal_is_drawn(given: dict) -> None:
    task = w2s.regression_task(8, 4, source_prior=PRIOR, target_prior=[0, 0, 0, 1], **given)
    found, drawn = (
        identification_errors(task, 3, replicates=64, reduced=reduced) for reduced in (True, False)
    )
    pd.testing.assert_frame_equal(found, drawn)


def test_tasks_of_other_kinds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(Path(__file__).parents[1] / "outsiders"))
    theirs = importlib.import_module("poisson_concepts.theorem").example()
    for task in (language_task(), theirs):
        table = identification_errors(task, 6, replicates=2048)
        assert np.isfinite(table).all(axis=None)
        masses, errors = (table[name].to_numpy() for name in ("mass_off_target", "mass_off_target_se"))
        assert masses[0] - masses[-1] > 5 * np.hypot(errors[0], errors[-1])
        assert np.all((table["misidentified"] >= 0) & (table["misidentified"] <= 1))


def test_every_context_is_that_of_its_key(x64: None) -> None:
    """The means are those of `DrawnContexts` with the engine's keys, one by one."""
    task = w2s.canonical_task()
    table = identification_errors(task, 5, replicates=2 * BATCH, reduced=False, seed=3)
    contexts = DrawnContexts(task, 5, 1)
    batches = [jax.random.fold_in(jax.random.key(3), i) for i in range(2)]
    keys = [key for batch in batches for key in jax.random.split(batch, BATCH)]
    masses = np.stack([1 - np.exp(contexts.log_posterior_path(key=key))[1:, 3] for key in keys])
    errors = masses.std(axis=0, ddof=1) / len(keys) ** 0.5
    np.testing.assert_allclose(table["mass_off_target"], masses.mean(axis=0), rtol=1e-10)
    np.testing.assert_allclose(table["mass_off_target_se"], errors, rtol=1e-10)


@pytest.mark.parametrize(
    ("arguments", "word"),
    [({"up_to": 0}, "up_to"), ({"replicates": 0}, "replicates"), ({"seed": -1}, "seed")],
)
def test_bad_numbers_are_refused(arguments: dict, word: str) -> None:
    with pytest.raises(w2s.InputError, match=word):
        identification_errors(w2s.canonical_task(), **arguments)
