"""How much a study may take: sizes as people write them, what is free, and what does not fit."""

import re
from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest

from tests.files.test_study_file import study_of
from tests.runs.study_runs import ONE, results_of
from w2s_sim.errors import InputError
from w2s_sim.runs import memory
from w2s_sim.runs.memory import default_budget, parse_size
from w2s_sim.runs.runner import run_study


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("2GB", 2 * 10**9),
        ("512 MiB", 512 * 2**20),
        ("1.5gb", 1_500_000_000),
        ("1kb", 1000),
        (" 3 TiB ", 3 * 2**40),
        ("0.5MB", 500_000),
        ("7B", 7),
    ],
)
def test_sizes_are_read(text: str, size: int) -> None:
    assert parse_size(text) == size


BAD = [
    "",
    " ",
    "9" * 400 + "GB",
    "2",
    "GB",
    "2XB",
    "-1GB",
    "0GB",
    "0.0MB",
    "0.1B",
    "nanGB",
    "infGB",
    "1e3MB",
    "1,5GB",
    "2GB 3MB",
]


@pytest.mark.parametrize("text", BAD)
def test_what_is_no_size_is_refused(text: str) -> None:
    with pytest.raises(InputError, match=r"--memory: got .*; expected a size such as 2GB"):
        parse_size(text)


@pytest.mark.parametrize(
    ("limit", "used", "budget"),
    [
        ("max\n", "100\n", 400_000_000),
        ("50000000\n", "10000000\n", 20_000_000),
        ("900000000000\n", "0\n", 400_000_000),
        ("1000\n", "2000\n", 0),
        (None, None, 400_000_000),
        ("what\n", "0\n", 400_000_000),
    ],
)
def test_the_budget_is_half_of_what_is_free_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, limit: str | None, used: str | None, budget: int
) -> None:
    for name, text in (("memory.max", limit), ("memory.current", used)):
        if text is not None:
            (tmp_path / name).write_text(text)
    monkeypatch.setattr(memory, "CONTROL_GROUP", tmp_path)
    monkeypatch.setattr(psutil, "virtual_memory", lambda: SimpleNamespace(available=800_000_000))
    assert default_budget() == budget


def test_the_budget_of_this_machine_is_some_of_its_memory() -> None:
    assert 0 < default_budget() < psutil.virtual_memory().total


def refused_with(tmp_path: Path, budget: int) -> int:
    """Bytes that the complaint asks for."""
    with pytest.raises(
        InputError, match=r"--memory: got 1MB; expected at least \d+MB: cell 0 takes \d+MB"
    ) as e:
        run_study(study_of(tmp_path, ONE), tmp_path / "out", memory=budget)
    found = re.search(r"at least (\d+)MB", str(e.value))
    assert found is not None
    return int(found[1]) * 10**6


@pytest.mark.usefixtures("nothing_computes")
def test_a_study_that_does_not_fit_is_refused_before_anything_is_computed(tmp_path: Path) -> None:
    assert refused_with(tmp_path, 10**6) > 10**6
    assert not list((tmp_path / "out" / "parts").glob("*"))
    assert not (tmp_path / "out" / "results.parquet").exists()


def test_the_memory_that_the_complaint_asks_for_is_enough(tmp_path: Path) -> None:
    needed = refused_with(tmp_path, 10**6)
    # The process itself may grow a little in between.
    table = results_of(study_of(tmp_path, ONE), tmp_path / "out", memory=int(1.2 * needed))
    assert table["replicates"].tolist() == [1400]
