"""The wheel is whole: outside any checkout its commands list theorems, open pages and run studies."""

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files of the wheel, away from the checkout."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    (wheel,) = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder / "files")
    return folder / "files"


def run_w2s(unpacked: Path, *arguments: str) -> str:
    """What `w2s` prints if only the wheel's files are there to be imported."""
    code = (
        "import w2s_sim, sys; from w2s_sim.cli import main; "
        f"assert w2s_sim.__file__.startswith({str(unpacked)!r}), w2s_sim.__file__; main({arguments!r})"
    )
    environment = {**os.environ, "PYTHONPATH": str(unpacked), "BROWSER": "true"}
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=unpacked,
        env=environment,
        check=True,
        capture_output=True,
        text=True,
    )
    return done.stdout


def test_theorems_and_studies_are_listed(unpacked: Path) -> None:
    contents = json.loads(run_w2s(unpacked, "list", "--json"))
    assert all(
        (unpacked / "w2s_sim" / "book" / theorem["page"]).is_file() for theorem in contents["theorems"]
    )
    assert contents["studies"]


def test_pages_open(unpacked: Path) -> None:
    page = Path(run_w2s(unpacked, "show", "naive-floor", "--open").strip())
    assert "Naive fine-tuning has a floor" in page.read_text(encoding="utf-8")
    assert (page.parent / "notation.html").is_file()


def test_the_book_opens_and_is_the_built_one_where_there_is_one(unpacked: Path) -> None:
    page = Path(run_w2s(unpacked, "book", "--path").strip())
    text = page.read_text(encoding="utf-8")
    assert "start in five minutes" in text
    built = unpacked / "w2s_sim" / "book" / "theory" / "_build" / "html"
    assert (page == built / "index.html") == (ROOT / "theory" / "_build" / "html").is_dir()
    assert (page.parent / "start.html").is_file()


def test_ready_studies_and_the_schema_are_there(unpacked: Path) -> None:
    assert "refined labels" in run_w2s(unpacked, "run", "naive-vs-refined", "--dry-run")
    assert json.loads(run_w2s(unpacked, "schema"))["$schema"]


def test_nothing_but_the_package_is_installed(unpacked: Path) -> None:
    assert {path.name for path in unpacked.iterdir()} == {"w2s_sim", "w2s_sim-0.1.0.dist-info"}
