"""Commands that a signal ends, as real processes: what was reached is printed and written."""

import json
import os
import pty
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from w2s_sim.cli import exit_status
from w2s_sim.errors import InputError
from w2s_sim.reports.folder import read_verdicts

W2S = [sys.executable, "-c", "from w2s_sim.cli import main; main()"]
ROWS = re.compile(r"(\d+)/\d+")


def read(descriptor: int) -> str:
    """What a terminal shows next; nothing at its end."""
    try:
        return os.read(descriptor, 65536).decode(errors="replace")
    except OSError:
        return ""


def test_verdicts_that_were_reached_are_printed_and_written(tmp_path: Path) -> None:
    """SIGINT once two rows are there; the bar, which only a terminal is shown, says when."""
    watched, shown = pty.openpty()
    command = [*W2S, "verify", "naive-floor", "no-free-lunch", "--out", str(tmp_path / "out")]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=shown, text=True)
    os.close(shown)
    seen, began = "", time.monotonic()
    while not any(int(rows) >= 2 for rows in ROWS.findall(seen)):
        assert time.monotonic() - began < 200
        chunk = read(watched)
        assert chunk, f"ended with {process.wait()}: {seen[-300:]}"
        seen += chunk
    process.send_signal(signal.SIGINT)
    while chunk := read(watched):
        seen += chunk
    os.close(watched)
    printed, _ = process.communicate(timeout=100)
    assert process.returncode == 130
    partial = json.loads((tmp_path / "out" / "manifest.json").read_text(encoding="utf-8"))["partial_run"]
    assert 2 <= partial["rows"] < partial["of"]
    words = f"after {partial['rows']} of {partial['of']} rows"
    for text in (printed, seen, (tmp_path / "out" / "report.html").read_text(encoding="utf-8")):
        assert words in text
        assert "artial run" in text
    assert "a second signal ends at once" in seen
    frame = read_verdicts(tmp_path / "out")
    assert frame.attrs["partial_run"] == partial
    assert len(frame.loc[frame["role"] != "mutant"]) == partial["rows"]
    assert (tmp_path / "out" / "figures" / "naive-floor.svg").exists()


def broken_pipe() -> None:
    raise BrokenPipeError


def second_signal() -> None:
    raise KeyboardInterrupt


def full_disk() -> None:
    raise InputError("--out", "out (No space left on device)", "a folder that can be written")


@pytest.mark.parametrize(
    ("last_words", "said"),
    [
        (broken_pipe, "w2s: interrupted here"),
        (second_signal, "w2s: interrupted here"),
        (full_disk, "w2s: interrupted here; --out: got out (No space left"),
    ],
)
def test_an_interrupted_process_ends_with_130_whatever_its_last_words_meet(
    last_words: Callable[[], None],
    said: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def leave(status: int) -> None:
        raise SystemExit(status)

    monkeypatch.setattr(exit_status.os, "_exit", leave)
    with pytest.raises(SystemExit) as leaving:
        exit_status.leave_interrupted(" here", last_words)
    assert leaving.value.code == 130
    assert said in capsys.readouterr().err


def test_sigterm_is_what_sigint_is_and_the_handler_comes_back() -> None:
    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(KeyboardInterrupt), exit_status.terminated_like_interrupted():
        signal.raise_signal(signal.SIGTERM)
    assert signal.getsignal(signal.SIGTERM) is before
