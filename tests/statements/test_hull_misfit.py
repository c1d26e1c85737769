"""hull-misfit: the theorem and its sharp cases over many random weak models, and distances by hand."""

import jax.numpy as jnp
import numpy as np
import pytest

import w2s_sim as w2s
from w2s_sim.estimators import HullProjection
from w2s_sim.statements import hull_misfit
from w2s_sim.statements.broken_learners import NearestConcept
from w2s_sim.statements.hull_geometry import hull_geometry, projected_on_span, projected_target
from w2s_sim.statements.hull_misfit_lemmas import beside_the_hull

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
    assert float(beside.excess_risk(beside.source.student(beside.target_prior))) == pytest.approx(0.49)
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
