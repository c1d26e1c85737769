"""The studies that the documentation shows can be run."""

import re
import tomllib
from pathlib import Path

import pytest

from w2s_sim.files.study_file import read_study

ROOT = Path(__file__).parents[2]


def shown_in(page: str) -> list[str]:
    blocks = re.findall(r"^```toml\n(.*?)^```$", (ROOT / page).read_text(), flags=re.MULTILINE | re.DOTALL)
    return [block for block in blocks if "[replication]" in block]


@pytest.mark.parametrize("page", ["theory/studies.md"])
def test_shown_studies_are_read(page: str) -> None:
    (text,) = shown_in(page)
    study = read_study(tomllib.loads(text))
    assert len(study.cells) > 10
    assert [figure.x for figure in study.figures] == ["sample_size"]
