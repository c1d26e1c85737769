"""Figures drawn again from what lies in a folder, without computing."""

import json
from pathlib import Path

import pandas as pd
import pytest
from matplotlib.figure import Figure

from w2s_sim.cli import main
from w2s_sim.errors import InputError
from w2s_sim.figures import Page, PaperFigure, Tables, draw, redraw

STUDY = """
[task]
dim = 4
num_concepts = 2
noise = 0.5
source_prior = [0.7, 0.3]
target_prior = [0, 1]
[task.weak]
kind = "biased"
bias = 0.7
[[estimator]]
kind = "refine"
num_demonstrations = [1, 2]
[replication]
replicates = 8
[[figure]]
name = "risk"
x = "num_demonstrations"
"""


def compute(fast: bool, seed: int) -> Tables:
    return {"points": pd.DataFrame({"x": [1.0, 2.0]})}


def never(fast: bool, seed: int) -> Tables:
    raise AssertionError("nothing is computed")


def draw_points(tables: Tables, page: Page) -> Figure:
    figure, (axes,) = page.figure()
    axes.plot(tables["points"]["x"])
    return figure


TOY = PaperFigure(name="toy", compute=compute, draw=draw_points, caption="Points.")
AGAIN = PaperFigure(name="toy", compute=never, draw=draw_points, caption="Others.")


@pytest.fixture(autouse=True)
def no_cache(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("W2S_CACHE", "off")


def test_a_folder_of_figures_is_drawn_from_its_data(tmp_path: Path) -> None:
    draw([TOY], tmp_path, width=4.0)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    redraw(tmp_path, [AGAIN])
    after = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    assert {name for name in before if before[name] != after[name]} == {"toy.txt"}
    redraw(tmp_path, [AGAIN], width="single", formats=["svg"])
    assert 'width="234pt"' in (tmp_path / "toy.svg").read_text()
    assert json.loads((tmp_path / "toy.json").read_text())["width"] == 3.25


def test_a_folder_without_figures_is_refused(tmp_path: Path) -> None:
    (tmp_path / "package.json").write_text("{}")
    with pytest.raises(InputError, match=r"NAME\.json"):
        redraw(tmp_path)
    draw([TOY], tmp_path)
    with pytest.raises(InputError, match="figure: got 'toy'; expected FILE"):
        redraw(tmp_path)
    (tmp_path / "toy.json").write_text("{}")
    with pytest.raises(InputError, match=r"toy\.json"):
        redraw(tmp_path, [TOY])


def test_the_figures_of_a_study_are_drawn_from_its_results(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "study.toml").write_text(STUDY)
    out = tmp_path / "out"
    assert run("run", str(tmp_path / "study.toml"), "--out", str(out)) == 0
    assert 'width="234pt"' in (out / "figures" / "risk.svg").read_text()
    capsys.readouterr()
    assert run("redraw", str(out), "--width", "double", "--format", "svg,pdf") == 0
    assert capsys.readouterr().out == f"{out / 'figures' / 'risk.svg'}\n"
    assert 'width="486pt"' in (out / "figures" / "risk.svg").read_text()
    assert (out / "figures" / "risk.pdf").exists()
    assert run("redraw", str(out)) == 0
    assert 'width="234pt"' in (out / "figures" / "risk.svg").read_text()
    assert run("redraw", str(out), "--width", "0") == 2
    (out / "results.parquet").unlink()
    assert run("redraw", str(out)) == 2


def run(*arguments: str) -> int:
    with pytest.raises(SystemExit) as leaving:
        main(arguments)
    code = leaving.value.code
    assert isinstance(code, int)
    return code
