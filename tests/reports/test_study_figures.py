"""Figures of studies: drawn from the table of results, and written whole."""

import os
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from tests.files.test_figure_table import GOOD, NAIVE, ORACLE, REFINED, study_of
from w2s_sim.errors import InputError
from w2s_sim.files.study_file import Study
from w2s_sim.reports.study_figures import draw_figures


def results_of(study: Study) -> pd.DataFrame:
    rows = []
    for cell in study.cells:
        size = cell.case.estimator.sample_size
        given = {key: str(v) if isinstance(v, list) else v for key, v in cell.parameters.items()}
        risk = 1.0 / (1 + size)
        rows.append({**given, "sample_size": size, "risk": risk, "risk_se": 0.1 * risk, "prior_kl": np.nan})
    return pd.DataFrame(rows)


def test_every_figure_of_a_study_is_written(tmp_path: Path) -> None:
    kinds = {"x": "sample_size", "colour": "estimator.kind", "panel": "task.noise", "log_x": True}
    figures = ({**kinds, "name": "risks"}, {**kinds, "name": "priors", "y": "prior_kl"})
    study = study_of(*figures, estimators=[{**NAIVE, "ridge": 0.3}, REFINED, ORACLE])
    draw_figures(study, results_of(study), tmp_path)
    paths = draw_figures(study, results_of(study), tmp_path)
    assert paths == [tmp_path / "figures" / f"{name}.png" for name in ("risks", "priors")]
    names = sorted(path.name for path in (tmp_path / "figures").iterdir())
    assert names == sorted(f"{name}.{end}" for name in ("risks", "priors") for end in ("png", "svg", "csv"))
    numbers = pd.read_csv(paths[0].with_suffix(".csv"))
    assert set(numbers["panel"]) == {"noise = 0.5", "noise = 1"}
    own = numbers.loc[numbers["panel"] == "noise = 1"]
    assert own.groupby("curve")["x"].apply(list).to_dict() == {
        "finetune": [50, 200],
        "refine": [1, 2, 4],
        # The oracle needs no weak pairs: a level from end to end.
        "oracle": [1, 200],
    }
    np.testing.assert_allclose(own["se"], 0.1 * own["y"], rtol=1e-5)
    assert pd.read_csv(paths[1].with_suffix(".csv")).empty


def test_a_folder_that_cannot_be_written_is_said_with_the_figure(tmp_path: Path) -> None:
    study = study_of({**GOOD, "name": "risks"})
    (tmp_path / "figures").write_text("no folder")
    with pytest.raises(
        InputError, match=r"figures .*for figure 'risks'; expected a folder that can be written"
    ):
        draw_figures(study, results_of(study), tmp_path)


def test_a_full_disk_leaves_the_earlier_figure_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    study = study_of({**GOOD, "name": "risks"})
    (path,) = draw_figures(study, results_of(study), tmp_path)
    before = path.read_bytes()

    def refuse(*_: Any, **__: Any) -> None:
        raise OSError(28, os.strerror(28))

    monkeypatch.setattr(pd.DataFrame, "to_csv", refuse)
    with pytest.raises(InputError, match="No space left on device"):
        draw_figures(study, results_of(study).assign(risk=7.0), tmp_path)
    assert path.read_bytes() == before
    assert len(list(path.parent.iterdir())) == 3
