"""`w2s teach`: bad input, taken ports, and copies of lessons; tests/teaching has the server in a browser."""

import os
import sys
from pathlib import Path

import pytest

from w2s_sim.cli import main
from w2s_sim.errors import InputError
from w2s_sim.teaching.server import HOST, free_socket


def complaint(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    with pytest.raises(SystemExit) as leaving:
        main(["teach", "--no-cache", "--no-browser", *arguments])
    assert leaving.value.code == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.count("\n") == 1
    return captured.err


def test_an_unknown_lesson_is_answered_with_the_nearest(capsys: pytest.CaptureFixture[str]) -> None:
    assert "did you mean 'explorer'" in complaint(capsys, "explorr")
    assert "latent-concepts" in complaint(capsys, "9")


@pytest.mark.parametrize("port", ["99999", "-1"])
def test_no_port_has_such_a_number(capsys: pytest.CaptureFixture[str], port: str) -> None:
    assert "--port" in complaint(capsys, "--port", port)


def test_a_port_of_somebody_else_is_refused_or_passed_over() -> None:
    with free_socket(None) as mine, free_socket(None) as next_one:
        host, port = mine.getsockname()
        assert host == HOST
        assert next_one.getsockname()[1] > port
        with pytest.raises(InputError, match=f"--port: got {port}"):
            free_socket(port)


def test_the_editor_opens_a_copy_and_keeps_an_own_one(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    started = []

    def start(program: str, command: list[str]) -> None:
        started.append(command)
        raise SystemExit(0)

    monkeypatch.setattr(os, "execv", start)
    monkeypatch.chdir(tmp_path)
    for text in ("", "my own"):
        with pytest.raises(SystemExit):
            main(["teach", "1", "--edit", "--no-cache", "--no-browser"])
        copy = tmp_path / "1_latent_concepts.py"
        assert (copy.read_text(encoding="utf-8") == text) == bool(text)
        copy.write_text("my own", encoding="utf-8")
    for command in started:
        assert command[:5] == [sys.executable, "-m", "marimo", "--yes", "edit"]
        assert command[command.index("--host") + 1] == HOST
        assert "--token" in command
    assert str(tmp_path) in capsys.readouterr().err


def test_a_folder_without_room_for_the_copy_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    # A link to nowhere: even the superuser cannot write there.
    (tmp_path / "1_latent_concepts.py").symlink_to(tmp_path / "gone" / "lesson.py")
    assert "a folder that can be written" in complaint(capsys, "1", "--edit")
