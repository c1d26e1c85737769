"""The explorer's posteriors and the risks of refinement are those of the library."""

import numpy as np
import pytest

import w2s_sim as w2s
from w2s_sim.statements.refinement_risk import REFINEMENT_RISK
from w2s_sim.teaching.live_posterior import (
    SHOWN,
    labeller_risks,
    posterior_paths,
    refined_risks,
    refinement_bounds,
)
from w2s_sim.teaching.live_task import Controls, task_of

CASES = [Controls(), Controls(dim=12, lean=0.3, target_weights=(0.3, 0.0, 0.0, 0.7)), Controls(noise=1.0)]


@pytest.mark.parametrize("controls", CASES)
def test_means_over_contexts_are_those_of_the_library(controls: Controls) -> None:
    task = task_of(controls)
    paths = posterior_paths(task)
    labeller, refined = labeller_risks(task, paths), refined_risks(task, paths, 100)
    known = w2s.identification_errors(task, 32, replicates=8192, seed=1)
    mass = 1.0 - paths[:, 1:33, int(task.target_concept)]
    for mean, error, column in (
        (mass.mean(axis=0), mass.std(axis=0) / len(mass) ** 0.5, "mass_off_target"),
        (labeller.mean[1:33], labeller.error[1:33], "risk"),
    ):
        assert np.all(np.abs(mean - known[column]) < 5 * np.hypot(error, known[f"{column}_se"]))
    student = w2s.Refinement(16, w2s.LeastSquares(num_weak=100))
    fitted = w2s.compare(task, {"refined": student}, replicates=4000).iloc[0]
    distance = abs(refined.mean[16] - fitted["risk"])
    assert distance < 5 * np.hypot(refined.error[16], fitted["risk_se"])


def test_before_the_first_demonstration_the_posterior_is_the_source_prior() -> None:
    task = task_of(Controls())
    paths = posterior_paths(task)
    np.testing.assert_allclose(paths[:, 0], np.broadcast_to(task.source.prior, paths[:, 0].shape), rtol=1e-5)
    np.testing.assert_allclose(paths.sum(axis=2), 1.0, rtol=1e-5)


def test_the_bounds_are_those_of_the_theorem() -> None:
    task = task_of(Controls(dim=12, bias=0.4))
    ours = refinement_bounds(task, 100)
    for estimators, bounds in zip((w2s.InContext, _student), ours, strict=True):
        known = [float(REFINEMENT_RISK.bound(w2s.Case("", task, estimators(int(n))))) for n in SHOWN[::6]]
        np.testing.assert_allclose(bounds[::6], known, rtol=1e-4)


def _student(num_demonstrations: int) -> w2s.Refinement:
    return w2s.Refinement(num_demonstrations, w2s.LeastSquares(num_weak=100))


def test_too_few_queries_leave_the_student_an_infinite_risk() -> None:
    task = task_of(Controls())
    assert np.all(np.isinf(refined_risks(task, posterior_paths(task), 9).mean))
    assert np.all(np.isinf(refinement_bounds(task, 9)[1]))
