"""The script of a figure that CONTRIBUTING shows draws a figure."""

import re
from pathlib import Path

import pytest

from w2s_sim.figures import draw, read_record

CONTRIBUTING = Path(__file__).parents[2] / "CONTRIBUTING.md"


def test_the_script_in_contributing_draws_a_draft(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("W2S_CACHE", "off")
    section = CONTRIBUTING.read_text(encoding="utf-8").partition("## How to add a figure")[2]
    code = re.search(r"```python\n(.*?)```", section, flags=re.DOTALL)
    assert code is not None
    script = tmp_path / "mine.py"
    script.write_text(code[1], encoding="utf-8")
    (path,) = draw([str(script)], tmp_path / "out", formats=["svg"], fast=True)
    assert "naive fine-tuning" in path.read_text(encoding="utf-8")
    record = read_record(path.with_suffix(".json"))
    assert record.frames["risks"]["num_weak"].tolist() == [20, 40, 80, 160]
    assert record.fast
