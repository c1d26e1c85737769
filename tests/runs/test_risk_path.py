"""Mean risks from the spectrum against plain simulation, exact values, and the limit of large sizes."""

import numpy as np
import pytest

import w2s_sim as w2s
from w2s_sim.runs.risk_path import finetuning_risk_path
from w2s_sim.statements.naive_risk_curve.claim import NAIVE_RISK_CURVE

SOURCE, POINT = [0.5, 0.25, 0.15, 0.1], [0.0, 0.0, 0.0, 1.0]


def path(num_weak: int) -> dict[str, w2s.Estimator]:
    return {
        "ridge 0.05": w2s.Ridge(0.05, num_weak=num_weak),
        "ridge 1": w2s.Ridge(1.0, num_weak=num_weak),
        "gradient descent": w2s.GradientDescent(10, 0.1, num_weak=num_weak),
        "gradient descent, longer": w2s.GradientDescent(20, 0.1, num_weak=num_weak),
        "cutoff": w2s.SpectralCutoff(0.8, num_weak=num_weak),
        "label mixing": w2s.LabelMixing(w2s.Ridge(0.05, num_weak=num_weak), 0.4),
        "more pairs": w2s.Ridge(0.05, num_weak=2 * num_weak),
    }


def shifted() -> w2s.ShiftedTarget:
    task = w2s.canonical_task()
    return w2s.ShiftedTarget(
        task.features,
        task.source,
        task.target_prior,
        task.supervisor,
        0.4 * np.eye(8)[2] - 0.3 * np.eye(8)[7],
    )


@pytest.mark.parametrize("num_weak", [5, 60])
@pytest.mark.parametrize("task", ["canonical", "shifted", "Laplace noise"])
def test_the_means_are_those_of_plain_simulation(task: str, num_weak: int) -> None:
    build = {
        "canonical": w2s.canonical_task,
        "shifted": shifted,
        "Laplace noise": lambda: w2s.regression_task(
            8, 4, source_prior=SOURCE, target_prior=POINT, law=w2s.LaplaceNoise()
        ),
    }[task]
    students = path(num_weak)
    ours = finetuning_risk_path(build(), students, replicates=2048, seed=1)
    plain = w2s.compare(build(), students, replicates=2048, seed=2)
    assert list(ours.columns) == list(plain.columns)
    assert list(ours["estimator"]) == list(students)
    errors = np.hypot(ours["risk_se"], plain["risk_se"])
    assert np.max(np.abs(ours["risk"] - plain["risk"]) / errors) < 5
    # The directions of S and the label noise are averaged in closed form.
    assert np.all(ours["risk_se"] < plain["risk_se"])


def test_least_squares_has_its_exact_risk() -> None:
    """b^2 + sigma'^2 d / (n - d - 1); and with fewer pairs than features, the second form of the page."""
    frame = finetuning_risk_path(
        w2s.canonical_task(),
        {"more": w2s.LeastSquares(num_weak=60), "fewer": w2s.LeastSquares(num_weak=4)},
        replicates=20_000,
    )
    exact = np.array([0.49 + 0.25 * 8 / 51, 0.5 * 1.145 + 0.5 * 0.49 + 0.25 * 4 / 3])
    assert np.max(np.abs(frame["risk"] - exact) / frame["risk_se"]) < 5


def test_large_sizes_tend_to_the_curve_of_marchenko_and_pastur() -> None:
    gaps = []
    for dim in (40, 160):
        task = w2s.regression_task(dim, 4, source_prior=SOURCE, target_prior=POINT)
        student = w2s.Ridge(0.3, num_weak=2 * dim)
        row = finetuning_risk_path(task, {"ridge": student}, replicates=4096).iloc[0]
        curve = float(NAIVE_RISK_CURVE.bound(w2s.Case("", task, student)))
        gaps.append(row["risk"] - curve)
        assert row["risk_se"] < 1e-3 * row["risk"]
    # The page's table has 0.00169(3) at d = 40; the gap closes as 1/d.
    assert gaps[0] == pytest.approx(0.00169, abs=1.5e-4)
    assert gaps[1] == pytest.approx(gaps[0] / 4, abs=1e-4)


@pytest.mark.usefixtures("x64")
def test_students_that_ignore_the_data_have_the_risk_of_the_source() -> None:
    task = w2s.canonical_task()
    frame = finetuning_risk_path(
        task,
        {
            "no step": w2s.GradientDescent(0, 0.1, num_weak=20),
            "own labels": w2s.LabelMixing(w2s.Ridge(0.1, num_weak=20), 1.0),
            "bound": w2s.Ridge(1e14, num_weak=20),
        },
        replicates=10,
    )
    np.testing.assert_allclose(frame["risk"], 1.145, rtol=1e-10)


def test_replicates_depend_on_the_seed_and_their_index_alone() -> None:
    task, students = w2s.canonical_task(), {"ridge": w2s.Ridge(0.3, num_weak=20)}
    first = finetuning_risk_path(task, students, replicates=50, seed=7)
    assert first.equals(finetuning_risk_path(task, students, replicates=50, seed=7))
    assert not first.equals(finetuning_risk_path(task, students, replicates=50, seed=8))


def test_what_has_no_such_risk_is_refused_in_one_line() -> None:
    students = {"ridge": w2s.Ridge(0.3, num_weak=20)}
    for task, words in (
        (w2s.regression_task(8, 4, source_prior=SOURCE, target_prior=SOURCE), "target prior"),
        (
            w2s.regression_task(8, 4, source_prior=SOURCE, target_prior=POINT, features="uniform"),
            "UniformCube",
        ),
        (
            w2s.regression_task(
                8, 4, source_prior=SOURCE, target_prior=POINT, features=np.diag(np.arange(1.0, 9.0))
            ),
            "Anisotropic",
        ),
    ):
        with pytest.raises(w2s.InputError, match=words) as raised:
            finetuning_risk_path(task, students)
        assert "\n" not in str(raised.value)
    task = w2s.canonical_task()
    for wrong in ({"read": w2s.InContext(4)}, {}):
        with pytest.raises(w2s.InputError, match="estimators"):
            finetuning_risk_path(task, wrong)
    with pytest.raises(w2s.InputError, match="replicates"):
        finetuning_risk_path(task, students, replicates=1)
