"""A finished study that is resumed: what is there, and still right, is not made again."""

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.cli.test_commands import run
from tests.files.test_study_file import study_of
from tests.runs.study_runs import SMALL
from w2s_sim.errors import InputError
from w2s_sim.runs import results, tile_workers
from w2s_sim.runs.runner import run_study
from w2s_sim.runs.store import Store

DRAWN = SMALL.replace(
    "[replication]", '[[figure]]\nname = "a"\nx = "sample_size"\ncolour = "ridge"\n[replication]'
)
FIGURES = ("a.csv", "a.png", "a.svg")


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("finished")
    (folder / "study.toml").write_text(DRAWN, encoding="utf-8")
    assert run("run", str(folder / "study.toml"), "--out", str(folder / "out")) == 0
    return folder


@pytest.fixture
def copy(finished: Path, tmp_path: Path) -> Path:
    """Times of files are kept, as `cp -a` does."""
    shutil.copytree(finished, tmp_path / "copy")
    return tmp_path / "copy"


def resume(folder: Path) -> int:
    return run("run", str(folder / "study.toml"), "--out", str(folder / "out"), "--resume")


def times(folder: Path) -> dict[str, int]:
    files = (path for path in (folder / "out").rglob("*") if path.is_file() and path.name != "lock")
    return {path.name: path.stat().st_mtime_ns for path in files}


@pytest.fixture
def nothing_is_made(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*arguments: object) -> None:
        raise AssertionError("something was compiled, or summed up")

    monkeypatch.setattr(tile_workers, "tiles_of", refuse)
    monkeypatch.setattr(results, "summarise", refuse)
    monkeypatch.setattr("w2s_sim.reports.study_figures._draw", refuse)


@pytest.mark.usefixtures("nothing_is_made")
def test_nothing_is_made_again(copy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = times(copy)
    assert resume(copy) == 0
    assert times(copy) == before
    shown = capsys.readouterr().out
    assert "5 cells" in shown
    assert str(copy / "out" / "figures" / "a.png") in shown


def test_the_table_that_is_read_is_the_one_that_would_be_made(copy: Path) -> None:
    study = study_of(copy, DRAWN)
    again = run_study(study, copy / "out", resume=True)
    made, _ = results.summarise(study, Store(copy / "out"))
    pd.testing.assert_frame_equal(again, made, check_exact=True)  # pyright: ignore[reportArgumentType]


def parts_rewritten(out: Path, change: Callable[[pa.Table], pa.Table]) -> None:
    """Parts with other columns, of the same study and versions."""
    for path in Store(out).part_files():
        table = pq.read_table(path)
        pq.write_table(change(table).replace_schema_metadata(table.schema.metadata), path)


def test_parts_that_hold_further_metrics_are_read_by_name(copy: Path) -> None:
    """As written before tasks named their metrics, when every part held those of all tasks."""
    out = copy / "out"
    study = study_of(copy, DRAWN)
    before, _ = results.summarise(study, Store(out))

    def with_more(table: pa.Table) -> pa.Table:
        nothing = pa.array(np.full(len(table), np.nan))
        for name in ("style_error", "content_error"):
            table = table.add_column(table.num_columns - 1, name, nothing)
        return table

    parts_rewritten(out, with_more)
    again, _ = results.summarise(study, Store(out))
    pd.testing.assert_frame_equal(again, before, check_exact=True)


def test_a_part_without_a_metric_of_the_study_is_refused(copy: Path) -> None:
    study = study_of(copy, DRAWN)
    parts_rewritten(copy / "out", lambda table: table.drop_columns(["prior_tv"]))
    with pytest.raises(InputError, match=r"part: got .*\.parquet, without all of its"):
        results.summarise(study, Store(copy / "out"))


def lose(name: str) -> Callable[[Path], None]:
    return lambda out: (out / name).unlink()


def change_table(out: Path) -> None:
    table = pd.read_parquet(out / "results.parquet")
    table["risk"] *= 2.0
    table.to_parquet(out / "results.parquet", index=False)


def lose_a_part(out: Path) -> None:
    next((out / "parts").glob("cell-2-*")).unlink()


DAMAGE = {
    "no table": (lose("results.parquet"), ("results.parquet",)),
    "another table": (change_table, ("results.parquet",)),
    "no picture": (lose("figures/a.png"), FIGURES),
    "no numbers of a picture": (lose("figures/a.csv"), FIGURES),
    "no manifest": (lose("manifest.json"), ("manifest.json", "results.parquet")),
    "a lost part": (lose_a_part, ("results.parquet",)),
}


@pytest.mark.parametrize("name", DAMAGE)
def test_what_is_missing_or_changed_is_made_again(finished: Path, copy: Path, name: str) -> None:
    damage, made = DAMAGE[name]
    damage(copy / "out")
    before = times(copy)
    assert resume(copy) == 0
    after = times(copy)
    assert set(after) == set(times(finished))
    assert all(before.get(path) != after[path] for path in made)
    table = pd.read_parquet(copy / "out" / "results.parquet")
    pd.testing.assert_frame_equal(table, pd.read_parquet(finished / "out" / "results.parquet"))


def test_a_figure_that_is_asked_for_anew_is_drawn_anew(copy: Path) -> None:
    (copy / "study.toml").write_text(DRAWN.replace('x = "sample_size"', 'x = "sample_size"\nlog_x = true'))
    before = times(copy)
    assert resume(copy) == 0
    after = times(copy)
    assert all(before[name] != after[name] for name in FIGURES)
    assert before["results.parquet"] == after["results.parquet"]
