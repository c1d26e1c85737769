"""A search that SIGINT ends: exit status 130, and the best case so far."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from w2s_sim.files import load_case
from w2s_sim.statements import find_statement

PROGRAM = "from w2s_sim.cli.main import main; main()"
COMMAND = [sys.executable, "-c", PROGRAM, "falsify", "hull-misfit", "--budget", "600"]


@pytest.mark.slow
def test_sigint_leaves_the_best_case_so_far(tmp_path: Path) -> None:
    started = subprocess.Popen(COMMAND, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    time.sleep(20.0)
    started.send_signal(signal.SIGINT)
    printed, errors = started.communicate(timeout=60)
    assert started.returncode == 130, errors
    assert "interrupted" in errors
    assert "its pressure is an estimate of the search, not measured again." in printed
    path = tmp_path / "best.toml"
    path.write_text(printed, encoding="utf-8")
    statement = find_statement("hull-misfit")
    assert statement.broken_assumption(load_case(path, statement)) is None
