"""What a study computes, and which share of it belongs to whom."""

from pathlib import Path

import numpy as np
import pytest

from tests.files.test_study_file import study_of
from tests.runs.study_runs import SMALL
from w2s_sim.errors import InputError
from w2s_sim.files.study_file import Study
from w2s_sim.runs.draw_groups import draw_groups
from w2s_sim.runs.schedule import CHUNK, SHARE, Shard, looks, pieces

TARGET = "target_relative_se = 0.01\n"


def study_with(tmp_path: Path, replicates: int, target: bool) -> Study:
    numbers = f"replicates = {replicates}\n{TARGET if target else ''}"
    return study_of(tmp_path, SMALL.replace("replicates = 1400\n", numbers))


@pytest.mark.parametrize(("text", "index", "count"), [("1/1", 1, 1), ("2/8", 2, 8), ("8/8", 8, 8)])
def test_shards_are_read(text: str, index: int, count: int) -> None:
    assert Shard.parse(text) == Shard(index, count)


BAD = ["", "/", "1", "1/", "/3", "0/3", "4/3", "-1/3", "1/-3", "1/0", "a/b", "1/2/3", "1.0/2", "²/3", "nan/3"]
BAD.append("1/" + "9" * 5000)


@pytest.mark.parametrize("text", BAD)
def test_what_is_no_shard_is_refused(text: str) -> None:
    with pytest.raises(InputError, match=r"--shard: got .*; expected I/N"):
        Shard.parse(text)


@pytest.mark.parametrize("target", [False, True])
@pytest.mark.parametrize("count", [1, 2, 3, 7, 40])
def test_every_replicate_is_of_exactly_one_shard(tmp_path: Path, count: int, target: bool) -> None:
    replicates = 2 * CHUNK + 1300
    study, size = study_with(tmp_path, replicates, target), CHUNK if count == 1 else SHARE
    groups = draw_groups(study)
    shares = []
    for index in range(1, count + 1):
        mine = np.zeros((len(groups), replicates), dtype=int)
        for group in groups:
            start = 0
            for look in looks(study):
                for first, stop in pieces(study, group, Shard(index, count), start, look):
                    assert start <= first < stop <= look
                    assert first // size == (stop - 1) // size
                    mine[group.index, first:stop] += 1
                start = look
        shares.append(mine)
    np.testing.assert_array_equal(np.sum(shares, axis=0), 1)
    whole_groups = all(len(np.unique(row)) == 1 for mine in shares for row in mine)
    assert whole_groups if target else (count == 1 or not whole_groups)
    if count < 15:
        # One group of 19 pieces: every shard gets some of them, and none gets many more than others.
        sizes = [int(mine.sum()) for mine in shares]
        assert target or (min(sizes) > 0 and max(sizes) <= replicates / count + 2 * size)


@pytest.mark.parametrize(
    ("replicates", "expected"),
    [
        (2, [2]),
        (1024, [1024]),
        (1025, [1024, 1025]),
        (8192, [1024, 2048, 4096, 8192]),
        (9000, [1024, 2048, 4096, 8192, 9000]),
    ],
)
def test_looks_are_doublings_that_end_at_the_replicates(
    tmp_path: Path, replicates: int, expected: list[int]
) -> None:
    assert list(looks(study_with(tmp_path, replicates, True))) == expected
    assert list(looks(study_with(tmp_path, replicates, False))) == [replicates]
