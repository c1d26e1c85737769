"""What terminals, pipes and programs that call `main` see of the commands."""

import json
import os
import pty
import shlex
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import jax
import pytest

from tests.cli.test_commands import run
from tests.runs.study_runs import ONE
from tests.verdicts import verdict
from w2s_sim.cli.console import make_console, make_table, print_table
from w2s_sim.cli.study_tables import SHOWN_CELLS, _of_every_method
from w2s_sim.cli.tables import print_verdicts
from w2s_sim.files import example_case_file
from w2s_sim.statements import all_statements
from w2s_sim.verify import Settings

W2S = [sys.executable, "-c", "from w2s_sim.cli import main; main()"]


CLOSED = {
    "list": "list",
    "list as JSON": "list --json",
    "show": "show naive-floor",
    "schema": "schema",
    "version": "--version",
    "help": "--help",
    "verify": "verify naive-floor --case CASE",
    "verify as JSON": "verify naive-floor --case CASE --json",
    "falsify": "falsify naive-floor --budget 0.1 --case CASE",
    "run": "run STUDY --out OUT",
    "resume": "run STUDY --out OUT --resume",
    "replay": "replay OUT --cell 0 --replicate 0",
}


@pytest.fixture(scope="module")
def places(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Files of a case and of a study, and the study's folder."""
    folder = tmp_path_factory.mktemp("closed")
    case, study = folder / "case.toml", folder / "study.toml"
    case.write_text(example_case_file(all_statements()["naive-floor"]), encoding="utf-8")
    study.write_text(ONE, encoding="utf-8")
    return {"CASE": case, "STUDY": study, "OUT": folder / "out"}


@pytest.mark.parametrize("name", CLOSED)
def test_a_reader_that_leaves_is_no_refutation(
    name: str, places: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    # The pipe has no reader from the start: whatever is written, at once or at the end, finds it closed.
    reading, writing = os.pipe()
    os.close(reading)
    command = [str(places.get(word, word)) for word in CLOSED[name].split()]
    with os.fdopen(writing, "w") as closed:
        monkeypatch.setattr(sys, "stdout", closed)
        assert run(*command) == 141


def test_a_folder_is_written_also_if_nobody_reads_the_table(
    places: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    command = ["verify", "naive-floor", "--case", str(places["CASE"]), "--out", str(tmp_path / "out")]
    with os.fdopen(writing, "w") as closed:
        monkeypatch.setattr(sys, "stdout", closed)
        assert run(*command) == 141
    assert (tmp_path / "out" / "report.html").exists()


@pytest.mark.parametrize(
    ("shell", "status"),
    [
        ("w2s list | true", 141),
        ("w2s --help 2>&1 | true", 141),
        ("w2s nothing 2>&1 | true", 141),
        ("w2s --version > /dev/full", 2),
        ("w2s --version >&-", 0),
    ],
)
def test_processes_whose_output_goes_nowhere(shell: str, status: int) -> None:
    program = " ".join(map(shlex.quote, W2S))
    script = f"set -o pipefail; {shell.replace('w2s', program, 1)}"
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, timeout=200, check=False)
    assert done.returncode == status
    complaint = "w2s: standard output: got No space left on device; expected a file or a pipe"
    assert done.stderr.startswith(complaint) if status == 2 else done.stderr == ""


@pytest.mark.parametrize("width", [40, 60, 80, 120])
def test_ids_and_verdicts_are_whole_at_any_width(
    width: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    assert run("list") == 0
    listed = capsys.readouterr().out
    assert all(statement_id in listed.split() for statement_id in all_statements())
    for every_row in (False, True):
        row = verdict("a case with a rather long name, n=128", theorem="concept-identification")
        print_verdicts([row], Settings(), 1.0, every_row=every_row)
        assert "concept-identification" in capsys.readouterr().out


def test_a_row_a_theorem_and_in_full_what_is_not_as_expected(capsys: pytest.CaptureFixture[str]) -> None:
    rows = [
        verdict("first"),
        verdict("second", measured=0.9),
        verdict("a lemma", role="lemma"),
        verdict("quiet control", role="control", expected="refuted"),
        verdict("killed", "refuted", role="mutant", expected="refuted"),
    ]
    print_verdicts(rows, Settings(), 1.0)
    table, rest = capsys.readouterr().out.split("\nNot as expected:\n")
    assert table.splitlines()[1].split() == [
        "consistent", "toy", "2/2", "1/1", "0/1", "1/1", "0.9:", "second"
    ]  # fmt: skip
    assert "quiet control" in rest.split("\n\n")[0]
    assert "a lemma" not in rest
    print_verdicts(rows, Settings(), 1.0, every_row=True)
    assert "a lemma" in capsys.readouterr().out


def in_a_terminal(command: Sequence[str], **environment: str) -> bytes:
    """What a command writes to a terminal."""
    parent, child = pty.openpty()
    process = subprocess.Popen(
        [*W2S, *command], stdout=child, stderr=child, stdin=child, env=os.environ | environment
    )
    os.close(child)
    written = b""
    while True:
        try:
            piece = os.read(parent, 65536)
        except OSError:
            break
        written += piece
    os.close(parent)
    assert process.wait(timeout=120) == 0
    return written


def test_no_color_leaves_no_escape() -> None:
    plain = in_a_terminal(["list"], NO_COLOR="1", TERM="xterm-256color")
    assert b"naive-floor" in plain
    assert b"\x1b" not in plain
    # The test can fail: without the variable there are colours.
    assert b"\x1b" in in_a_terminal(["list"], NO_COLOR="", TERM="xterm-256color")


def test_columns_of_ids_keep_their_width(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "20")
    table = make_table("id", "text", whole=("id",))
    table.add_row("an-id-of-thirty-characters-000", "words that may be folded")
    print_table(make_console(), table)
    assert "an-id-of-thirty-characters-000" in capsys.readouterr().out


def test_version_and_list_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--version") == 0
    assert capsys.readouterr().out.startswith("w2s-sim 0.")
    assert run("list", "--json") == 0
    document = json.loads(capsys.readouterr().out)
    assert [theorem["id"] for theorem in document["theorems"]] == list(all_statements())
    assert {"naive-vs-refined"} <= {study["name"] for study in document["studies"]}


def test_the_precision_of_a_call_ends_with_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(example_case_file(all_statements()["hull-misfit"]), encoding="utf-8")
    printed = []
    for flags in ([], ["--x64"], []):
        assert run("verify", "hull-misfit", "--case", str(path), "--json", *flags) == 0
        printed.append(json.loads(capsys.readouterr().out))
        assert not jax.config.read("jax_enable_x64")
    precisions = [document["manifest"]["precision"] for document in printed]
    assert precisions == ["float32", "float64", "float32"]
    assert printed[0]["verdicts"] == printed[2]["verdicts"]


def test_results_show_every_method() -> None:
    naive = [{"estimator.kind": "finetune", "estimator.ridge": ridge} for ridge in range(30)]
    labellers = [{"estimator.kind": "refine", "estimator.num_demonstrations": n} for n in range(5)]
    students = [cell | {"estimator.num_queries": 8} for cell in labellers]
    shown = _of_every_method([*naive, *labellers, *students])
    assert len(shown) <= SHOWN_CELLS
    assert {0, 29, 30, 34, 35, 39} <= set(shown)
    assert _of_every_method(labellers) == [0, 1, 2, 3, 4]
