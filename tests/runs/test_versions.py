"""Versions that parts record, and what is said when a study goes on under others."""

import json
import shutil
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from tests.files.test_study_file import study_of
from tests.runs.study_runs import ONE
from w2s_sim.runs.gathering import merge
from w2s_sim.runs.parts import VERSIONS
from w2s_sim.runs.runner import run_study
from w2s_sim.runs.schedule import Shard
from w2s_sim.runs.store import Store
from w2s_sim.runs.versions import VersionsWarning

RECORDED = {"w2s-sim", "jax", "jaxlib", "numpy", "python", "precision", "platform", "backend"}
MORE = ONE.replace("1400", "1500")


def parts_of(out: Path) -> list[Path]:
    return sorted((out / "parts").glob("*.parquet"))


def versions_of(part: Path) -> dict[str, str]:
    return json.loads(pq.read_metadata(part).metadata.get(VERSIONS, b"null"))


def alter(part: Path, **changes: str) -> None:
    """As if a part had been computed with other versions; with none, by a w2s-sim that recorded nothing."""
    table = pq.read_table(part)
    metadata = dict(table.schema.metadata)
    versions = json.loads(metadata.pop(VERSIONS))
    if changes:
        metadata[VERSIONS] = json.dumps(versions | changes).encode()
    pq.write_table(table.replace_schema_metadata(metadata), part)


def parts_versions(out: Path) -> list[Mapping[str, Any]]:
    return json.loads((out / "manifest.json").read_text(encoding="utf-8"))["parts_versions"]


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("versions")
    run_study(study_of(folder, ONE), folder / "out")
    return folder / "out"


def test_every_part_records_its_versions(finished: Path) -> None:
    recorded = [versions_of(part) for part in parts_of(finished)]
    assert all(set(versions) == RECORDED for versions in recorded)
    assert parts_versions(finished) == recorded[:1]


def test_going_on_under_the_same_versions_says_nothing(tmp_path: Path, finished: Path) -> None:
    shutil.copytree(finished, tmp_path / "out")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        run_study(study_of(tmp_path, ONE), tmp_path / "out", resume=True)
    assert len(parts_versions(tmp_path / "out")) == 1


CHANGES = [
    ({"jax": "0.4.1", "python": "3.12.0"}, r"jax 0\.4\.1 \(now .*\); python 3\.12\.0 \(now "),
    ({"backend": "gpu"}, r"backend gpu \(now cpu\)"),
    ({}, "versions that they do not record"),
]


@pytest.mark.parametrize(("changes", "words"), CHANGES)
@pytest.mark.parametrize("text", [ONE, MORE], ids=["resumed", "topped up"])
def test_going_on_under_other_versions_is_said(
    tmp_path: Path, finished: Path, changes: dict[str, str], words: str, text: str
) -> None:
    out = tmp_path / "out"
    shutil.copytree(finished, out)
    (first, *_) = parts_of(out)
    now = versions_of(first)
    alter(first, **changes)
    with pytest.warns(VersionsWarning, match=words) as said:
        run_study(study_of(tmp_path, text), out, resume=True)
    assert len(said) == 1
    assert "\n" not in str(said[0].message)
    theirs = now | changes if changes else {}
    assert parts_versions(out) == ([theirs] if text == ONE else [theirs, now])


def test_merging_parts_of_other_versions_is_said(tmp_path: Path, finished: Path) -> None:
    """Rows that are taken out of a part keep the versions of that part."""
    shards = [tmp_path / "1", tmp_path / "2"]
    shutil.copytree(finished, shards[0])
    run_study(study_of(tmp_path, MORE), shards[1], shard=Shard(1, 1))
    alter(parts_of(shards[1])[0], numpy="1.9")
    now = versions_of(parts_of(finished)[0])
    with pytest.warns(VersionsWarning, match=r"numpy 1\.9 \(now "):
        merge(shards, tmp_path / "merged")
    assert parts_versions(tmp_path / "merged") == [now, now | {"numpy": "1.9"}]
    assert versions_of(tmp_path / "merged" / "parts" / "cell-0-1400-1500.parquet")["numpy"] == "1.9"
    assert Store(tmp_path / "merged").ranges()[0] == [(0, 1400), (1400, 1500)]
