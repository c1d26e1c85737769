"""hull-misfit: the theorem and its sharp cases over many random weak models, and distances by hand."""

from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import w2s_sim as w2s
from w2s_sim.estimators import HullProjection
from w2s_sim.files import load_case
from w2s_sim.statements.hull_misfit import claim as hull_misfit
from w2s_sim.statements.hull_misfit.lemmas import beside_the_hull
from w2s_sim.statements.hull_misfit.projections import hull_geometry, projected_on_span, projected_target
from w2s_sim.statements.shared.broken_learners import NearestConcept
from w2s_sim.tasks.regression_task import TransferTask
from w2s_sim.verify import Settings
from w2s_sim.verify.case_check import check_case

STATEMENT = hull_misfit.HULL_MISFIT
PROJECTION = HullProjection(w2s.Ridge(0.0, num_weak=60))


@pytest.mark.usefixtures("x64")
def test_gain_is_at_least_the_misfit_for_random_weak_models() -> None:
    ratios = []
    for seed in range(40):
        case = w2s.Case("", hull_misfit.erring_weak_model(seed, size=1.0), PROJECTION)
        error, bound = float(hull_misfit.error(case)), float(hull_misfit.bound(case))
        assert error <= bound + 1e-9
        ratios.append(error / bound)
    # Both sorts must be there: projections inside the hull, where it is Pythagoras, and on its faces.
    assert max(ratios) == pytest.approx(1.0, abs=1e-6)
    assert min(ratios) < 0.5


@pytest.mark.usefixtures("x64")
def test_distances_of_the_canonical_task_by_hand() -> None:
    case = STATEMENT.cases("quick")[0]
    geometry = hull_geometry(case.task, jnp.eye(8)[3])
    np.testing.assert_allclose([float(x) for x in geometry], [0.0, 0.49, 0.49], atol=1e-7)
    beside = beside_the_hull(0.4)
    np.testing.assert_allclose(projected_target(beside), np.eye(8)[3], atol=1e-6)
    np.testing.assert_allclose(beside.target_vector, np.eye(8)[3] + 0.4 * np.eye(8)[7], atol=1e-6)


@pytest.mark.usefixtures("x64")
def test_projection_on_the_span_against_numpy() -> None:
    task = hull_misfit.erring_weak_model(3)
    concepts = np.asarray(task.source.vectors)
    basis = (concepts[1:] - concepts[0]).T
    weak = np.asarray(task.weak_vector)
    weights, *_ = np.linalg.lstsq(basis, weak - concepts[0], rcond=None)
    np.testing.assert_allclose(
        projected_on_span(task, task.weak_vector), concepts[0] + basis @ weights, atol=1e-8
    )


def test_shifted_target_is_measured_against_what_is_wanted() -> None:
    beside = beside_the_hull(0.7)
    assert float(beside.weak_risk) == pytest.approx(0.0, abs=1e-6)
    assert float(beside.excess_risk(beside.target)) == pytest.approx(0.49)
    with pytest.raises(w2s.InputError, match="target_shift"):
        w2s.ShiftedTarget(
            beside.features, beside.source, beside.target_prior, beside.supervisor, jnp.zeros(3)
        )


def test_assumptions_notice_what_is_broken() -> None:
    nearest = w2s.Case("", w2s.canonical_task(), NearestConcept(w2s.Ridge(0.0, num_weak=60)))
    assert STATEMENT.broken_assumption(nearest) == "projection on a convex set"
    assert STATEMENT.broken_assumption(w2s.Case("", beside_the_hull(0.3), PROJECTION)) == "target in the hull"


@pytest.mark.usefixtures("x64")
def test_projection_is_in_the_norm_of_the_estimator() -> None:
    """Anisotropic features: the estimator with their Sigma obeys the theorem, the Euclidean one does not."""
    (control,) = (c for c in STATEMENT.controls("quick") if "norm" in c.breaks)
    task = control.case.task
    right = w2s.Case("", task, HullProjection(w2s.Ridge(0.0, num_weak=60), task.features.covariance))
    assert STATEMENT.broken_assumption(control.case) == control.breaks
    assert STATEMENT.broken_assumption(right) is None
    assert float(hull_misfit.error(control.case)) == pytest.approx(0.05, abs=1e-6)
    assert float(hull_misfit.bound(control.case)) == pytest.approx(-0.07, abs=1e-6)
    assert float(hull_misfit.error(right)) <= float(hull_misfit.bound(right)) + 1e-9


# Four concepts in a hull that is a hundredth thick, and a weak model half a unit beside it.
THIN = [[1.0, 0.0, 0.0], [1.0, 0.02, 0.0], [1.0, 0.01, 0.002], [1.0, -0.01, 0.01]]
WEAK_OF_THIN = [[1.5, 0.001, 0.0005], [1.5, 0.021, 0.0005], [1.5, 0.011, 0.0025], [1.5, -0.009, 0.0105]]


def regression(concepts, weak, target, unit=1.0, shift=None, factor=None, source=None) -> TransferTask:
    """A task with concepts, weak model and noise in units of `unit`."""
    concepts, weak = unit * np.asarray(concepts), unit * np.asarray(weak)
    num, dim = concepts.shape
    features = w2s.Gaussian(dim) if factor is None else w2s.Anisotropic(w2s.Gaussian(dim), factor)
    model = w2s.RegressionModel([1.0 / num] * num if source is None else source, concepts, 0.7 * unit)
    parts = features, model, jnp.asarray(target), w2s.RegressionSupervisor(weak, 0.4 * unit)
    return TransferTask(*parts) if shift is None else w2s.ShiftedTarget(*parts, unit * np.asarray(shift))


def verdict(task: TransferTask, estimator: HullProjection = PROJECTION):
    return check_case(STATEMENT, w2s.Case("", task, estimator), settings=Settings(), alpha=0.01)


def in_doubles(task: TransferTask) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Concepts, beta_Q and beta'_Q from the numbers as they are stored, in float64."""
    vectors, weak, prior = (
        np.asarray(leaf, dtype=np.float64)
        for leaf in (task.source.vectors, task.supervisor.vectors, task.target_prior)
    )
    prior = prior / prior.sum()
    return vectors, prior @ vectors, prior @ weak


@pytest.mark.parametrize("unit", [1e-9, 1.0, 1e9])
def test_thin_hull_is_projected_on_exactly(unit: float) -> None:
    """The weak model errs little within the hull: projection removes the part across, by Pythagoras."""
    task = regression(THIN, WEAK_OF_THIN, [0.1, 0.2, 0.3, 0.4], unit)
    row = verdict(task)
    assert row.verdict == "certified"
    vectors, target, weak = in_doubles(task)
    edges = (vectors[1:] - vectors[0]).T
    nearest = vectors[0] + edges @ np.linalg.lstsq(edges, weak - vectors[0], rcond=None)[0]
    expected = np.sum((nearest - target) ** 2)
    # Of squares that are differences of squares 5e5 times as large.
    assert row.measured == pytest.approx(expected, rel=1e-9)
    assert row.bound == pytest.approx(expected, rel=1e-7)
    assert row.measured == pytest.approx(1.25e-6 * unit**2, rel=1e-3)


@pytest.mark.parametrize("unit", [1e-9, 1.0, 1e9])
def test_verdicts_in_any_unit(unit: float) -> None:
    """What holds holds in every unit, and what is wrong is noticed in every unit."""
    even, across = [0.25] * 4, np.array([0.3, -0.2, 0.1])
    assert verdict(regression(THIN, THIN + across, even, unit)).verdict == "certified"
    # The weak model lies beside the hull, and so does the target: a hundredth of the hull's size off it.
    off = regression(THIN, THIN + across, even, unit, shift=[3e-4, 0.0, 0.0])
    assert "target in the hull" in verdict(off).reason
    factor = np.diag([2.0, 1.0, 1.0])
    stretched = regression(THIN, THIN + across, even, unit, factor=factor)
    assert "norm of the features" in verdict(stretched).reason
    told = PROJECTION.told(stretched)
    assert verdict(stretched, told).verdict == "certified"
    nearly = HullProjection(PROJECTION.student, np.asarray(stretched.features.covariance) * (1 + 1e-3))
    assert "norm of the features" in verdict(stretched, nearly).reason


def test_target_may_be_shifted_within_the_hull() -> None:
    square = [[0.0, 0.0], [1.0, 0.0], [0.0, 1.0], [1.0, 1.0]]
    weak = np.asarray(square) + np.array([2.0, 0.3])
    inside = regression(square, weak, [0.25] * 4, shift=[0.2, -0.1])
    assert verdict(inside).verdict == "certified"
    assert verdict(regression(square, weak, [0.25] * 4, shift=[0.5001, 0.0])).verdict == "not-applicable"


ODD = {
    "one concept": ([[1.0, 2.0]], [[0.5, 2.5]], [1.0]),
    "one feature": ([[1.0], [3.0], [2.0]], [[5.0], [4.0], [2.5]], [0.0, 0.4, 0.6]),
    "duplicates": ([[1.0, 0.0]] * 3, [[2.0, 1.0]] * 3, [0.2, 0.3, 0.5]),
    "two of three are one": ([[0.0, 1.0], [0.0, 1.0], [1.0, 0.0]], [[3.0, 1.0]] * 3, [0.5, 0.0, 0.5]),
    "on a line that float32 bends": (
        [[0.1, 0.2], [0.2, 0.4], [0.3, 0.6]],
        [[0.9, 0.1], [0.7, 0.3], [0.2, 0.9]],
        [0.3, 0.3, 0.4],
    ),
    "weak model is the target": ([[0.0, 1.0], [1.0, 0.0]], [[0.0, 1.0], [1.0, 0.0]], [0.5, 0.5]),
    "weak model is the target, off a corner": (np.eye(2), np.eye(2), [0.9999995, 5e-7]),
    "far from the origin": ([[1e4, 1e4], [1e4 + 1, 1e4]], [[1e4, 1e4 + 1], [1e4 + 1, 1e4 + 1]], [0.25, 0.75]),
}


@pytest.mark.parametrize("name", ODD)
def test_odd_corners(name: str) -> None:
    """Against the nearest point over a fine grid of mixtures, and never on the wrong side."""
    concepts, weak, target = ODD[name]
    source = None if len(target) == 1 else [1.0] + [0.0] * (len(target) - 1)
    task = regression(concepts, weak, target, source=source)
    row = verdict(task)
    assert row.verdict in ("certified", "vacuous"), row
    vectors, wanted, shown = in_doubles(task)
    grid = np.random.default_rng(0).dirichlet(np.full(len(vectors), 0.3), 4000)
    grid = np.vstack([grid, np.eye(len(vectors))]) @ vectors
    nearest = grid[np.argmin(np.sum((grid - shown) ** 2, axis=1))]
    size = np.ptp(vectors, axis=0).max()
    assert row.measured**0.5 == pytest.approx(np.linalg.norm(nearest - wanted), abs=0.05 * size + 1e-9)


def test_case_file_with_a_factor_projects_in_the_norm_of_its_features(tmp_path: Path) -> None:
    path = tmp_path / "stretched.toml"
    path.write_text(
        """
        [task]
        kind = "regression"
        dim = 3
        num_concepts = 2
        noise = 0.5
        source_prior = [0.5, 0.5]
        target_prior = [0.3, 0.7]
        features = "gaussian"
        factor = [[2.0, 0.5, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 0.1]]
        concepts = [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]]
        [task.weak]
        kind = "general"
        noise = 0.5
        concepts = [[1.2, 0.4, 0.3], [0.1, 1.3, -0.2]]
        [case]
        num_weak = 60
        """,
        encoding="utf-8",
    )
    case = load_case(path, STATEMENT)
    row = check_case(STATEMENT, case, settings=Settings(), alpha=0.01)
    assert row.verdict == "certified"
    vectors, wanted, shown = in_doubles(case.task)
    factor = np.asarray(case.task.features.factor, dtype=np.float64)  # pyright: ignore[reportAttributeAccessIssue]
    edge, way = (vectors[1] - vectors[0]) @ factor, (shown - vectors[0]) @ factor
    share = np.clip(edge @ way / (edge @ edge), 0.0, 1.0)
    expected = np.sum(((vectors[0] + share * (vectors[1] - vectors[0]) - wanted) @ factor) ** 2)
    assert row.measured == pytest.approx(expected, rel=1e-10)


def test_projected_students_of_thin_hulls_gain_on_every_path() -> None:
    """In the precision of the run, float32."""
    measure = next(lemma.measure for lemma in STATEMENT.lemmas if lemma.id == "gain-on-every-path")
    assert measure is not None
    for unit in (1e-6, 1.0, 1e6):
        case = w2s.Case("", regression(THIN, WEAK_OF_THIN, [0.1, 0.2, 0.3, 0.4], unit), PROJECTION)
        values = jax.vmap(lambda key, case=case: measure(key, case))(jax.random.split(jax.random.key(0), 64))
        assert float(values.max()) < 1e-4
