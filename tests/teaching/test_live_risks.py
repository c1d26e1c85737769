"""The explorer's risks of naive fine-tuning are those of students that are fitted to data."""

import numpy as np
import pytest

import w2s_sim as w2s
from w2s_sim.teaching.live_risks import naive_risks
from w2s_sim.teaching.live_task import Controls, task_of

SIZES = (4, 16, 128)


@pytest.mark.parametrize(
    "controls",
    [
        Controls(),
        Controls(lean=0.5, ridge=0.0),
        Controls(target_weights=(0.4, 0.0, 0.0, 0.6), bias=1.2, lean=0.3, ridge=0.1),
        Controls(target_weights=(0.4, 0.2, 0.0, 0.4), weak_noise=0.0, ridge=1.0, dim=10),
    ],
)
def test_the_means_are_those_of_fitted_students(controls: Controls) -> None:
    task = task_of(controls)
    students = {str(size): w2s.Ridge(controls.ridge, num_weak=size) for size in SIZES}
    fitted = w2s.compare(task, students, replicates=4000)
    ours = naive_risks(task, controls.ridge, SIZES)
    distance = np.abs(ours.mean - fitted["risk"]) / np.hypot(ours.error, fitted["risk_se"])
    assert np.all(distance < 5)


def test_the_means_are_those_of_the_path_of_risks() -> None:
    controls = Controls(dim=24, ridge=0.2)
    task = task_of(controls)
    students = {str(size): w2s.Ridge(controls.ridge, num_weak=size) for size in SIZES}
    path = w2s.finetuning_risk_path(task, students, replicates=2000)
    ours = naive_risks(task, controls.ridge, SIZES)
    assert np.all(np.abs(ours.mean - path["risk"]) < 5 * np.hypot(ours.error, path["risk_se"]))


def test_least_squares_has_no_mean_risk_near_as_many_pairs_as_features() -> None:
    ours = naive_risks(task_of(Controls()), 0.0, (4, 7, 8, 9, 12))
    assert np.array_equal(np.isnan(ours.mean), [False, True, True, True, False])
    assert np.array_equal(np.isnan(ours.error), np.isnan(ours.mean))
