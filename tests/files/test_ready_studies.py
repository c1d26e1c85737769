"""The studies that come with the package: all load, and are found by name."""

import os
import tomllib
from pathlib import Path

import pytest

from w2s_sim.cli import main
from w2s_sim.errors import InputError
from w2s_sim.files.ready_studies import FOLDER, READY, find_study
from w2s_sim.files.schema import schema_path
from w2s_sim.files.study_file import MOST_WITH_TARGET, load_study

# Cells times replicates: what two cores do in about half a minute.
MOST_REPLICATES = 2_000_000


def test_the_headline_is_there() -> None:
    assert "naive-vs-refined" in READY
    assert sorted(READY) == sorted(path.stem for path in FOLDER.glob("*.toml"))


@pytest.mark.parametrize("name", READY)
def test_it_loads_and_names_its_figures(name: str) -> None:
    study = load_study(find_study(name))
    tables = study.document["figure"]
    assert [figure.name for figure in study.figures] == [table["name"] for table in tables]
    assert tables
    assert len(study.cells) > 1
    assert study.replicates < MOST_WITH_TARGET
    assert len(study.cells) * study.replicates <= MOST_REPLICATES


@pytest.mark.parametrize("name", READY)
def test_it_names_the_schema_and_asks_a_question(name: str) -> None:
    path = find_study(name)
    first, title, gap, *rest = path.read_text(encoding="utf-8").splitlines()
    assert (path.parent / first.removeprefix("#:schema ")).resolve() == schema_path().resolve()
    assert title == f"# {READY[name]}"
    assert title.endswith("?")
    assert gap == "#"
    # What to expect, before the first table.
    assert rest[0].startswith("# ")
    assert max(map(len, (first, title, *rest))) <= 110


def test_a_file_wins_over_a_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert find_study("precision") == FOLDER / "precision.toml"
    # Such as the folder of its results.
    Path("precision").mkdir()
    assert find_study("precision") == FOLDER / "precision.toml"
    Path("precision").rmdir()
    Path("precision").write_text("", encoding="utf-8")
    assert find_study("precision") == Path("precision")
    path = tmp_path / "mine.toml"
    path.write_text("", encoding="utf-8")
    assert find_study(str(path)) == path


def test_a_pipe_is_a_file(tmp_path: Path) -> None:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    assert find_study(str(path)) == path


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ("naive-vs-refind", ["did you mean 'naive-vs-refined'?", *READY]),
        ("somewhere/precison.toml", ["a TOML file that exists", "did you mean 'precision'?"]),
        ("Style-Content", ["did you mean 'style-content'?"]),
        ("quite-another-thing-42", ["a TOML file that exists", "ready studies", "bias-sweep"]),
        ("", ["ready studies"]),
        ("x" * 5000, ["ready studies"]),
        ("study\0.toml", ["ready studies"]),
        ("\x1b[31m\n", ["ready studies"]),
    ],
)
def test_what_is_neither_is_refused_with_the_nearest_name(given: str, words: list[str]) -> None:
    with pytest.raises(InputError) as complaint:
        find_study(given)
    message = str(complaint.value)
    assert message.startswith("STUDY: got ")
    assert message.isprintable()
    assert len(message) < 1000
    assert all(word in message for word in words), message


def test_a_folder_of_no_name_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="a TOML file that exists"):
        find_study(str(tmp_path))


def test_the_list_has_theorems_first_and_then_ready_studies(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as leaving:
        main(["list"])
    assert leaving.value.code == 0
    shown = capsys.readouterr().out
    theorems, studies = shown.split("ready study")
    assert "naive-floor" in theorems
    for name, title in READY.items():
        assert f"\n{name} " in studies
        assert title in studies


def test_no_two_are_the_same() -> None:
    documents = [tomllib.loads(find_study(name).read_text(encoding="utf-8")) for name in READY]
    assert all(document not in documents[:index] for index, document in enumerate(documents))
