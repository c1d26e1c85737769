"""Sampling until a precision is reached: it stops at the same number wherever and however it runs."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tests.files.test_study_file import study_of
from tests.runs.study_runs import ONE, ask_to_end, assert_same_results, assert_same_rows, kept, results_of
from w2s_sim.errors import InputError
from w2s_sim.files.study_file import Study
from w2s_sim.runs.gathering import merge
from w2s_sim.runs.interruption import InterruptedRunError
from w2s_sim.runs.results import relative_error
from w2s_sim.runs.runner import run_study
from w2s_sim.runs.schedule import Shard
from w2s_sim.runs.store import Store

CAP = 5000
LOOKS = [1024, 2048, 4096, CAP]
# One program: cells that differ in numbers alone share it.
CELLS = ONE.replace("ridge = 0.3", "ridge = [0.1, 3.0, 30.0]")
# Three groups of cells, one for each sample size.
SIZES = ONE.replace("num_weak = 20", "num_weak = [20, 21, 22]")


def study_with(tmp_path: Path, target: float | None, replicates: int = CAP, cells: str = CELLS) -> Study:
    numbers = f"replicates = {replicates}\n"
    numbers += "" if target is None else f"target_relative_se = {target!r}\n"
    return study_of(tmp_path, cells.replace("replicates = 1400\n", numbers))


@pytest.fixture(scope="module")
def fixed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All replicates, whatever the precision."""
    folder = tmp_path_factory.mktemp("fixed")
    run_study(study_with(folder, None), folder / "out")
    return folder / "out"


def errors_at_looks(frame: pd.DataFrame) -> list[float]:
    risks = [frame["risk"].to_numpy()[:look] for look in LOOKS]
    return [float(risk.std(ddof=1) / np.sqrt(len(risk)) / abs(risk.mean())) for risk in risks]


@pytest.fixture(scope="module")
def target(fixed: Path) -> float:
    """Reached at different looks by different cells."""
    return 0.999 * errors_at_looks(kept(fixed)[0])[0]


def stops(folder: Path, target: float) -> list[int]:
    """First look of every cell at which it is precise enough."""
    errors = [errors_at_looks(frame) for frame in kept(folder)]
    return [next((n for n, e in zip(LOOKS, error, strict=True) if e <= target), CAP) for error in errors]


def test_the_error_at_a_look_is_that_of_the_replicates_before_it(fixed: Path) -> None:
    """Also where a part goes on behind it."""
    for cell, frame in enumerate(kept(fixed)):
        found = [relative_error(Store(fixed), cell, look) for look in LOOKS]
        np.testing.assert_allclose(found, errors_at_looks(frame), rtol=1e-12)


def test_sampling_stops_at_the_first_look_that_is_precise_enough(
    tmp_path: Path, fixed: Path, target: float
) -> None:
    table = results_of(study_with(tmp_path, target), tmp_path / "out")
    expected = stops(fixed, target)
    assert len(set(expected)) > 1
    assert expected[0] == 2048
    assert table["replicates"].tolist() == expected
    for found, whole, stop in zip(kept(tmp_path / "out"), kept(fixed), expected, strict=True):
        assert_same_rows(found, whole[:stop])
    np.testing.assert_array_equal(table["risk_se"] / table["risk"] <= target, np.array(expected) < CAP)


def test_results_are_those_of_that_number_of_replicates(tmp_path: Path, target: float) -> None:
    table = results_of(study_with(tmp_path, target), tmp_path / "out")
    for cell, stop in enumerate(table["replicates"].tolist()):
        plain = results_of(study_with(tmp_path, None, stop), tmp_path / f"plain {cell}")
        assert_same_rows(plain[cell : cell + 1], table[cell : cell + 1])


@pytest.mark.usefixtures("small_chunks")
@pytest.mark.parametrize("after", [512, 1500, 3000])
def test_an_interrupted_run_stops_where_a_whole_one_does(tmp_path: Path, target: float, after: int) -> None:
    study = study_with(tmp_path, target)

    def interrupt(done: int, total: int) -> None:
        assert total == 3 * CAP
        if done >= after:
            ask_to_end()

    with pytest.raises(InterruptedRunError):
        run_study(study, tmp_path / "out", progress=interrupt)
    run_study(study, tmp_path / "out", resume=True)
    run_study(study, tmp_path / "whole")
    assert_same_results(tmp_path / "whole", tmp_path / "out")


def test_sampling_ends_where_the_target_is_out_of_reach(tmp_path: Path) -> None:
    reports: list[tuple[int, int]] = []
    study = study_with(tmp_path, 1e-6, 1300)
    table = results_of(study, tmp_path / "out", progress=lambda *numbers: reports.append(numbers))
    assert table["replicates"].tolist() == [1300] * 3
    assert reports[-1] == (3 * 1300, 3 * 1300)


def test_progress_ends_at_all_where_sampling_stops_early(tmp_path: Path, target: float) -> None:
    reports: list[tuple[int, int]] = []
    run_study(
        study_with(tmp_path, target), tmp_path / "out", progress=lambda *numbers: reports.append(numbers)
    )
    assert reports[-1] == (3 * CAP, 3 * CAP)
    assert [done for done, _ in reports] == sorted(done for done, _ in reports)


def test_shards_of_cells_merge_to_the_whole(tmp_path: Path, target: float) -> None:
    study, shards = study_with(tmp_path, target, cells=SIZES), [tmp_path / "1", tmp_path / "2"]
    for index, folder in enumerate(shards, start=1):
        run_study(study, folder, shard=Shard(index, 2))
    assert [sorted(Store(folder).ranges()) for folder in shards] == [[0, 2], [1]]
    with pytest.raises(InputError, match="replicates are missing"):
        merge(shards[:1], tmp_path / "half")
    merge(shards, tmp_path / "merged")
    run_study(study, tmp_path / "whole")
    assert_same_results(tmp_path / "whole", tmp_path / "merged")


def test_a_shard_that_is_not_precise_enough_is_missed(tmp_path: Path, target: float) -> None:
    coarse, fine = study_with(tmp_path, 1.0), study_with(tmp_path, target)
    run_study(coarse, tmp_path / "1", shard=Shard(1, 2))
    run_study(fine, tmp_path / "2", shard=Shard(2, 2))
    with pytest.raises(InputError, match="at least 1,024 replicates are missing"):
        merge([tmp_path / "2", tmp_path / "1"], tmp_path / "merged")


def test_a_lower_target_tops_up(tmp_path: Path, fixed: Path, target: float) -> None:
    table = results_of(study_with(tmp_path, 1.0), tmp_path / "out")
    assert table["replicates"].tolist() == [1024] * 3
    run_study(study_with(tmp_path, target), tmp_path / "out", resume=True)
    run_study(study_with(tmp_path, target), tmp_path / "whole")
    assert_same_results(tmp_path / "whole", tmp_path / "out")
    run_study(study_with(tmp_path, None), tmp_path / "out", resume=True)
    assert_same_results(fixed, tmp_path / "out")
    # A higher one loses nothing.
    run_study(study_with(tmp_path, 1.0), tmp_path / "out", resume=True)
    assert_same_results(fixed, tmp_path / "out")


# A refined student whose risk is a rare event: of probability 1.3e-5, and nearly one in size.
RARE = """
[task]
kind = "regression"
dim = 8
num_concepts = 4
noise = 0.01
source_prior = [0.25, 0.25, 0.25, 0.25]
target_prior = [0, 0, 0, 1]
[task.weak]
kind = "noisy"
noise = 0.01
[[estimator]]
kind = "refine"
num_demonstrations = 3
[[estimator]]
kind = "oracle"
[replication]
replicates = 4096
target_relative_se = 0.9
"""


def test_a_sample_of_no_rare_event_is_not_precise(tmp_path: Path) -> None:
    table = results_of(study_of(tmp_path, RARE), tmp_path / "out")
    assert table["replicates"].tolist() == [4096, 1024]
    assert table["risk_information"].tolist() == ["too little", "exact"]


def test_what_says_enough(fixed: Path, tmp_path: Path) -> None:
    table = results_of(study_with(tmp_path, None), tmp_path / "out")
    assert set(table["risk_information"]) == {"enough"}
