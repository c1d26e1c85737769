"""The output folder: files are whole or not there, and pages show names as they are."""

import json
from pathlib import Path

import pytest

import w2s_sim as w2s
from tests.verdicts import verdict
from w2s_sim.manifest import build_manifest
from w2s_sim.reports import open_folder, write_report
from w2s_sim.reports.folder import read_verdicts

STATEMENT = w2s.Statement(
    id="toy",
    kind="upper",
    title="A <b>toy</b>",
    formula=r"\mathbb{E} X \le 1",
    cases=lambda preset: [],
    measure=lambda key, case: case.task.weak_risk,
    bound=lambda case: 1.0,
    quantity="probability",
    plot_axis="num_demonstrations",
)
MANIFEST = build_manifest({"seed": 0, "alpha": 1e-3})


def test_round_trip_of_the_table(tmp_path: Path) -> None:
    write_report(tmp_path, [verdict("one"), verdict("two", "refuted")], [STATEMENT], MANIFEST)
    frame = read_verdicts(tmp_path)
    assert frame["case"].tolist() == ["one", "two"]
    assert frame["as_expected"].tolist() == [True, False]
    assert frame["parameters"].tolist() == [{"num_demonstrations": 3}] * 2
    assert json.loads((tmp_path / "manifest.json").read_text(encoding="utf-8")) == MANIFEST


def test_page_says_so_when_something_is_refuted(tmp_path: Path) -> None:
    page = write_report(tmp_path, [verdict("one", "refuted")], [STATEMENT], MANIFEST).read_text("utf-8")
    assert "Not all verdicts are as expected" in page


def test_proofs_are_a_click_away(tmp_path: Path) -> None:
    floor = w2s.find_statement("naive-floor")
    page = write_report(tmp_path, [verdict("one")], [floor], MANIFEST).read_text("utf-8")
    assert 'href="pages/naive-floor.html"' in page
    assert "Naive fine-tuning has a floor" in (tmp_path / "pages" / "naive-floor.html").read_text("utf-8")
    # A statement whose page nobody wrote has no link.
    assert "pages/" not in write_report(tmp_path, [verdict("one")], [STATEMENT], MANIFEST).read_text("utf-8")


def test_page_escapes_names(tmp_path: Path) -> None:
    page = write_report(tmp_path, [verdict("n < 5 & <i>")], [STATEMENT], MANIFEST).read_text("utf-8")
    assert "n &lt; 5 &amp; &lt;i&gt;" in page
    assert "<b>toy</b>" not in page


def test_disk_that_refuses_leaves_the_old_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_report(tmp_path, [verdict("old")], [STATEMENT], MANIFEST)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("w2s_sim.reports.folder.os.replace", full)
    with pytest.raises(w2s.InputError, match="No space left"):
        write_report(tmp_path, [verdict("new")], [STATEMENT], MANIFEST)
    assert read_verdicts(tmp_path)["case"].tolist() == ["old"]
    assert not list(tmp_path.glob(".*"))


def test_folder_below_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(w2s.InputError, match="--out"):
        open_folder(tmp_path / "file" / "folder")
