"""Progress of loops: on standard error, a line a step where nobody watches."""

import re
from pathlib import Path

import pytest

from w2s_sim.cli import progress
from w2s_sim.cli.progress import track

ROOT = Path(__file__).parents[2]


def test_every_step_is_a_line_on_standard_error(capsys: pytest.CaptureFixture[str]) -> None:
    assert list(track((1, 4), lambda n: f"size {n}")) == [1, 4]
    shown = capsys.readouterr()
    assert shown.err == "1/2 size 1\n2/2 size 4\n"
    assert shown.out == ""


def test_a_line_comes_before_its_step_is_done(capsys: pytest.CaptureFixture[str]) -> None:
    next(track(("long", "short")))
    assert capsys.readouterr().err == "1/2 long\n"


def test_a_terminal_gets_a_bar_and_no_lines(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(progress, "shows_progress", lambda: True)
    assert list(track(range(3), lambda n: f"size {n}")) == [0, 1, 2]
    shown = capsys.readouterr()
    assert shown.out == ""
    assert "1/3 size 0" not in shown.err


@pytest.mark.parametrize("script", sorted((ROOT / "figures").glob("*.py")), ids=lambda path: path.stem)
def test_scripts_that_simulate_in_a_loop_show_progress(script: Path) -> None:
    text = script.read_text("utf-8")
    loops = re.search(r"\b(compare|compare_priors|replicate|in_context_scores)\(", text)
    assert not loops or "track(" in text
