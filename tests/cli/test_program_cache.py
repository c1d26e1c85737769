"""Compiled programs that one command keeps for the next: used, turned off, damaged, in the way, of others."""

import importlib.metadata
import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jax
import pytest

from w2s_sim.cli import program_folder
from w2s_sim.cli.compile_time import COMPILED, STEPS, CompileTime
from w2s_sim.cli.program_cache import kept_programs
from w2s_sim.cli.program_folder import describe_folder, make_ready
from w2s_sim.errors import InputError
from w2s_sim.files import example_case_file
from w2s_sim.statements import find_statement


@pytest.fixture
def environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Mapping[str, str]:
    """The user's cache folder is a new one, and the tests' own does not count."""
    for name in [name for name in os.environ if name.startswith(("JAX_COMP", "JAX_PERS"))]:
        monkeypatch.delenv(name)
    monkeypatch.delenv("W2S_CACHE", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return os.environ


@pytest.fixture
def case_file(tmp_path: Path) -> Path:
    path = tmp_path / "case.toml"
    path.write_text(example_case_file(find_statement("no-free-lunch")))
    return path


def verify(case_file: Path, *options: str) -> tuple[list[dict], dict, str]:
    """The verdicts, what the manifest says of the time, and standard error."""
    call = "from w2s_sim.cli import main; main()"
    arguments = ["verify", "no-free-lunch", "--case", str(case_file), "--json", *options]
    done = subprocess.run([sys.executable, "-c", call, *arguments], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    return document["verdicts"], document["manifest"]["time"], done.stderr


def setting(name: str) -> Any:
    return getattr(jax.config, name)


def programs(folder: Path) -> dict[Path, int]:
    return {path: path.stat().st_size for path in folder.rglob("*-cache")}


def test_a_second_run_reads_what_the_first_has_kept_and_repairs_it(
    environment: Mapping[str, str], case_file: Path, tmp_path: Path
) -> None:
    first, time_of_first, said = verify(case_file)
    assert said == ""
    kept = programs(tmp_path / "cache" / "w2s-sim" / "programs")
    assert 0 < len(kept) <= time_of_first["programs"]
    second, time_of_second, said = verify(case_file)
    assert (second, said) == (first, "")
    assert programs(tmp_path) == kept
    assert time_of_second["programs_from_cache"] == time_of_second["programs"]

    damaged = list(kept)[::5]
    for number, path in enumerate(damaged):
        path.write_bytes(b"nothing" if number % 2 else path.read_bytes()[:-100])
    third, _, said = verify(case_file)
    assert third == first
    assert said.count("\n") == 1
    assert "damaged program" in said
    # They are kept again by the run after that.
    fourth, _, said = verify(case_file)
    assert (fourth, said, set(programs(tmp_path))) == (first, "", set(kept))


def test_two_at_once_share_a_folder(environment: Mapping[str, str], case_file: Path, tmp_path: Path) -> None:
    call = "from w2s_sim.cli import main; main()"
    arguments = [sys.executable, "-c", call, "verify", "no-free-lunch", "--case", str(case_file), "--json"]
    both = [subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE) for _ in range(2)]
    (out, said), (other_out, other_said) = (process.communicate() for process in both)
    assert json.loads(out)["verdicts"] == json.loads(other_out)["verdicts"]
    assert (said, other_said) == (b"", b"")


def test_without_a_cache_nothing_is_written(
    environment: Mapping[str, str], case_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, taken, said = verify(case_file, "--no-cache")
    assert (taken["programs_from_cache"], said, programs(tmp_path)) == (0, "", {})
    monkeypatch.setenv("W2S_CACHE", "off")
    monkeypatch.setenv("JAX_COMPILATION_CACHE_DIR", str(tmp_path / "jax"))
    verify(case_file)
    assert programs(tmp_path) == {}


def test_a_folder_that_cannot_be_made_is_one_line(
    environment: Mapping[str, str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture,
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("W2S_CACHE", str(tmp_path / "file"))
    before = setting("jax_compilation_cache_dir")
    with kept_programs():
        assert setting("jax_compilation_cache_dir") == before
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert str(tmp_path / "file") in said
    assert "Not a directory" in said


def test_a_user_without_a_home_is_one_line(
    environment: Mapping[str, str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("XDG_CACHE_HOME")
    # What Python returns for a user that the system does not know.
    monkeypatch.setattr(os.path, "expanduser", lambda path: path)
    with kept_programs():
        pass
    assert capsys.readouterr().err.count("\n") == 1


def test_settings_are_restored(environment: Mapping[str, str], tmp_path: Path) -> None:
    before = setting("jax_compilation_cache_dir"), setting("jax_enable_compilation_cache")
    with kept_programs():
        assert setting("jax_compilation_cache_dir").startswith(str(tmp_path))
    with kept_programs(wanted=False):
        assert not setting("jax_enable_compilation_cache")
    assert before == (setting("jax_compilation_cache_dir"), setting("jax_enable_compilation_cache"))


def test_the_folder_is_of_one_version_and_one_processor(
    environment: Mapping[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    here = program_folder.program_folder()
    assert here == program_folder.program_folder()
    with monkeypatch.context() as changed:
        changed.setattr(program_folder, "_processor", lambda: ["flags: another"])
        assert program_folder.program_folder() != here
    monkeypatch.setattr(importlib.metadata, "version", lambda name: "99.0")
    assert program_folder.program_folder() != here


def test_where_the_folder_is(
    environment: Mapping[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = program_folder.program_folder()
    assert folder is not None
    assert folder.is_relative_to(tmp_path / "cache" / "w2s-sim")
    assert describe_folder() == f"{folder}: 0 programs, 0.0 MB"
    assert make_ready(folder) == ""
    (folder / "jit_f-1-cache").write_bytes(b"0" * 2_000_000)
    (folder.parent / "jaxlib-0-other").mkdir()
    (folder.parent / "jaxlib-0-other" / "jit_f-1-cache").write_bytes(b"0" * 1_000_000)
    beside = ", and 1.0 MB for other versions or processors"
    assert describe_folder() == f"{folder}: 1 programs, 2.0 MB{beside}"
    monkeypatch.setenv("JAX_COMPILATION_CACHE_DIR", "/theirs")
    assert describe_folder() == "/theirs (JAX_COMPILATION_CACHE_DIR)"
    monkeypatch.setenv("W2S_CACHE", str(tmp_path / "mine"))
    assert describe_folder().startswith(str(tmp_path / "mine" / "programs"))
    monkeypatch.setenv("W2S_CACHE", "off")
    assert describe_folder() == "not kept: W2S_CACHE=off"
    monkeypatch.setenv("W2S_CACHE", "somewhere")
    with pytest.raises(InputError, match="W2S_CACHE: got 'somewhere'"):
        program_folder.program_folder()


def test_what_is_old_or_too_much_is_deleted(
    environment: Mapping[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(program_folder, "MOST_BYTES", 1000)
    monkeypatch.setattr(program_folder, "KEPT_BYTES", 500)
    folder, unused, used = (tmp_path / "programs" / name for name in ("this", "unused", "used"))
    for other in (folder, unused, used):
        other.mkdir(parents=True)
        (other / "jit_f-cache").touch()
    long_ago = time.time() - program_folder.UNUSED_SECONDS - 60
    os.utime(unused, (long_ago, long_ago))
    for age in range(8):
        file = folder / f"jit_{age}-cache"
        file.write_bytes(b"0" * 150)
        os.utime(file, (1000 - age, 1000 - age))
    assert make_ready(folder) == ""
    assert sorted(path.name for path in folder.parent.iterdir()) == ["this", "used"]
    assert sorted(path.name[:5] for path in folder.glob("jit_[0-9]-cache")) == ["jit_0", "jit_1", "jit_2"]


def test_steps_within_steps_count_once() -> None:
    clock = CompileTime()
    clock.add_step(STEPS + "trace", 0.001)
    time.sleep(0.01)
    clock.add_step(COMPILED, 0.0)
    clock.add_step(STEPS + "trace", 0.5)
    clock.add_step("/jax/other", 100.0)
    taken = clock.so_far()
    assert (taken.compiling, taken.programs, taken.threads) == (0.5, 1, 1)
