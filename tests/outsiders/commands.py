"""The real commands, for tests: status, standard output, standard error."""

from collections.abc import Callable

import pytest

from w2s_sim.cli import main

Run = Callable[..., tuple[int, str, str]]


def run_commands(capsys: pytest.CaptureFixture[str]) -> Run:
    """A function that runs `w2s` with some arguments."""

    def run(*arguments: str) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as leaving:
            main(arguments)
        captured = capsys.readouterr()
        assert isinstance(leaving.value.code, int)
        return leaving.value.code, captured.out, captured.err

    return run
