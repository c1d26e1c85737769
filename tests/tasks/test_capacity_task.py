"""Capacity tasks against plain NumPy, and what they refuse."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jaxtyping import TypeCheckError

import w2s_sim as w2s
from w2s_sim.runs.cell_bounds import bounds_of
from w2s_sim.runs.relative_risk import ReferenceRisks
from w2s_sim.statements import Case, Statement, all_statements
from w2s_sim.tasks.overlapping_features import overlapping_features
from w2s_sim.verify.case_check import Settings, check_case

KEY = jax.random.key(4)


def skewed(**changes: Any) -> w2s.CapacityTask:
    """Correlated inputs, features in general position, and a target that neither model expresses."""
    draws = np.random.default_rng(3)
    factor = draws.normal(size=(5, 5))
    numbers: dict[str, Any] = {
        "features": factor @ factor.T / 5 + 0.1 * np.eye(5),
        "target": draws.normal(size=5),
        "weak_features": draws.normal(size=(5, 2)),
        "strong_features": draws.normal(size=(5, 3)),
        "num_true": 12,
    }
    return w2s.capacity_task(5, **{**numbers, **changes})


def orthonormal(matrix: Any, covariance: Any) -> np.ndarray:
    """An orthonormal basis of the features' span, in coordinates in which the inputs are white."""
    return np.linalg.qr(np.linalg.cholesky(np.asarray(covariance)).T @ np.asarray(matrix))[0]


@pytest.mark.usefixtures("x64")
def test_overlap_and_projections_are_those_of_orthonormal_bases() -> None:
    task = skewed()
    covariance = np.asarray(task.features.covariance)
    white = np.linalg.cholesky(covariance).T
    strong, weak = (orthonormal(m, covariance) for m in (task.strong_features, task.supervisor.features))
    assert float(task.overlap) == pytest.approx(np.sum((strong.T @ weak) ** 2), rel=1e-10)
    for basis, project in ((strong, task.strong_projection), (weak, task.weak_projection)):
        expected = basis @ (basis.T @ (white @ np.asarray(task.target_vector)))
        np.testing.assert_allclose(white @ np.asarray(project(task.target_vector)), expected, atol=1e-10)
    np.testing.assert_allclose(task.population_teacher, task.weak_projection(task.target_vector), atol=1e-10)


@pytest.mark.usefixtures("x64")
def test_metrics_are_squared_distances_in_the_norm_of_the_inputs() -> None:
    task, student = skewed(), np.array([0.3, -1.0, 0.2])
    white = np.linalg.cholesky(np.asarray(task.features.covariance)).T
    vector, target = np.asarray(task.strong_features) @ student, np.asarray(task.target_vector)
    metrics = task.metrics(w2s.LinearStudent(student))
    risk = np.sum((white @ (vector - target)) ** 2)
    ceiling = np.sum((white @ (np.asarray(task.ceiling) - target)) ** 2)
    assert float(metrics["risk"]) == pytest.approx(risk, rel=1e-10)
    # Pythagoras: the error of the best student is orthogonal to the strong features.
    assert float(metrics["ceiling_gap"]) == pytest.approx(risk - ceiling, rel=1e-9)
    assert float(task.source_risk) == pytest.approx(float(task.squared_norm(task.target_vector)), rel=1e-12)


@pytest.mark.usefixtures("x64")
@pytest.mark.parametrize("num_true", [1, 2, 12])
@pytest.mark.parametrize("ridge", [0.0, 0.4])
def test_teacher_is_ridge_of_numpy(num_true: int, ridge: float) -> None:
    """With fewer pairs than features and no penalty, the shortest solution."""
    task = skewed(num_true=num_true, ridge=ridge)
    input_key, noise_key = jax.random.split(KEY)
    inputs = np.asarray(task.features.sample(num_true, key=input_key))
    noise = 0.5 * np.asarray(jax.random.normal(noise_key, (num_true,)))
    seen = inputs @ np.asarray(task.supervisor.features)
    rows = np.concatenate([seen, (num_true * ridge) ** 0.5 * np.eye(2)])
    labels = np.concatenate([inputs @ np.asarray(task.target_vector) + noise, np.zeros(2)])
    expected = np.asarray(task.supervisor.features) @ np.linalg.lstsq(rows, labels, rcond=None)[0]
    np.testing.assert_allclose(task.sample_teacher(key=KEY), expected, atol=1e-8)


def test_mean_risk_of_the_teacher_by_simulation(standard_errors_off: Any) -> None:
    task = skewed()
    keys = jax.random.split(jax.random.key(0), 20_000)
    teachers = jax.jit(jax.vmap(lambda key: task.sample_teacher(key=key)))(keys)
    risks = jax.vmap(task.squared_norm)(teachers - task.target_vector)
    assert standard_errors_off(risks, task.weak_risk) < 5
    assert standard_errors_off(teachers, task.weak_student.mean) < 5


def test_a_teacher_without_a_closed_form_has_no_known_risk() -> None:
    for task in (
        skewed(num_true=3),
        skewed(ridge=0.1),
        w2s.capacity_task(4, 1, 2, 1, num_true=9, features="uniform"),
    ):
        assert np.isnan(float(task.weak_risk))
        columns = ReferenceRisks.of(task).columns(0.1, 0.01)
        assert np.isnan(columns["pgr"])
        assert np.isfinite(columns["gain_over_source"])
    assert float(skewed(num_true=None).weak_student.variance) == 0.0


@pytest.mark.parametrize(
    ("sizes", "overlap"), [((3, 4), 1.0), ((3, 4), 2.5), ((4, 3), 3.0), ((1, 5), 1.0), ((5, 2), 1.7)]
)
def test_features_have_the_overlap_that_is_asked_for(sizes: tuple[int, int], overlap: float) -> None:
    weak, strong = overlapping_features(10, *sizes, overlap)
    for matrix in (weak, strong):
        np.testing.assert_allclose(matrix.T @ matrix, np.eye(matrix.shape[1]), atol=1e-12)
    assert np.sum((strong.T @ weak) ** 2) == pytest.approx(overlap, rel=1e-12)
    assert float(w2s.capacity_task(10, *sizes, overlap).overlap) == pytest.approx(overlap, rel=1e-5)


def test_bad_numbers_are_refused() -> None:
    for numbers, words in (
        ({"overlap": 0.5}, "overlap: got 0.5; expected a number in"),
        ({"overlap": 3.5}, "overlap: got 3.5; expected a number in"),
        ({"dim": 5}, "dim: got 5; expected dim >= 6"),
        ({"features": "cubic"}, "features"),
        ({"features": np.diag([1.0, 2.0, 1, 1, 1, 1, 1, 1])}, "isotropic features, or the matrices"),
        ({"weak_features": np.eye(8, 3)}, "numbers that are incomplete, or beside matrices"),
        ({"num_true": 0}, "weak.num_true: got 0"),
        ({"target": [1.0]}, "target: got shape"),
        ({"start": [1.0]}, "start: got shape"),
    ):
        arguments: dict[str, Any] = {"dim": 8, "weak_dim": 3, "strong_dim": 4, "overlap": 2.0, **numbers}
        with pytest.raises(w2s.InputError, match=words):
            w2s.capacity_task(**arguments)
    with pytest.raises(w2s.InputError, match=r"weak.weak_features: got 2 features.* linearly independent"):
        skewed(weak_features=np.ones((5, 2)))
    with pytest.raises(w2s.InputError, match=r"student.coefficients: got shape \(5,\)"):
        skewed().metrics(w2s.LinearStudent(np.ones(5)))


def test_mapped_features_of_one_input() -> None:
    """A map and two selections: 1, z, z^2 for the weak model and 1, z, z^3 for the strong one."""
    law = w2s.MappedFeatures(w2s.UniformCube(1), w2s.PolynomialMap(1, 3))
    task = w2s.capacity_task(
        4,
        features=law,
        weak_features=jnp.eye(4)[:, :3],
        strong_features=jnp.eye(4)[:, [0, 1, 3]],
        target=[0, 1, 1, 0],
    )
    assert float(task.weak_risk) == pytest.approx(0.0, abs=1e-6)
    # The student cannot express z^2 - 1: what is left is the variance of z^2, 4/5.
    assert float(task.squared_norm(task.ceiling - task.target_vector)) == pytest.approx(0.8, rel=1e-4)
    data = task.sample_weak(50, key=KEY)
    np.testing.assert_allclose(data.labels, data.inputs[:, 1] + data.inputs[:, 1] ** 2, atol=1e-4)


FIRST_LOOK = Settings(first_round=32, max_replicates=32)


@pytest.mark.parametrize("statement", all_statements().values(), ids=lambda s: s.id)
def test_theorems_on_concepts_do_not_speak_of_capacity(statement: Statement) -> None:
    task = w2s.capacity_task(10, 5, 4, 2.0, num_true=20)
    if any(isinstance(case.task, w2s.CapacityTask) for case in statement.cases("quick")):
        return
    for estimator in (w2s.LeastSquares(num_weak=30), w2s.InContext(4)):
        case: Case[Any] = Case("capacity", task, estimator)
        try:
            row = check_case(statement, case, settings=FIRST_LOOK, alpha=1e-3)
        except TypeCheckError:
            # The types of arguments are checked in tests alone, before an attribute that the task lacks.
            continue
        assert row.verdict == "not-applicable"
    assert bounds_of(Case("capacity", task, w2s.InContext(4))) == []
