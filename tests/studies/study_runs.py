"""Studies that are quick to run, and what their folders hold."""

from pathlib import Path

import pandas as pd

from tests.studies.bad_studies import GOOD
from w2s_sim.studies.store import Store

# Five cells.
SMALL = GOOD.replace("replicates = 100", "replicates = 1400").replace("[1, 2, 4]", "[4]")
# One cell of it.
ONE = SMALL.replace("ridge = [0.0, 0.3]", "ridge = 0.3").replace("num_weak = [50, 200]", "num_weak = 20")
ONE = ONE[: ONE.rindex("[[estimator]]")] + ONE[ONE.index("[replication]") :]
CLI = "from w2s_sim.cli import main; main()"


def kept(folder: Path) -> list[pd.DataFrame]:
    """All replicates that a folder holds, by cell."""
    store = Store(folder)
    held = store.ranges()
    return [
        pd.concat([table.to_pandas() for table in store.read(cell, held[cell])], ignore_index=True)
        for cell in sorted(held)
    ]


def assert_same(first: Path, second: Path) -> None:
    """To the bit, every replicate once."""
    ours = kept(first)
    assert len(ours) > 0
    for one, other in zip(ours, kept(second), strict=True):
        pd.testing.assert_frame_equal(one, other, check_exact=True)
        assert one["replicate"].tolist() == list(range(len(one)))


def assert_same_results(first: Path, second: Path) -> None:
    """To the bit, in the files that were written."""
    one, other = (pd.read_parquet(folder / "results.parquet") for folder in (first, second))
    pd.testing.assert_frame_equal(one, other, check_exact=True)
    assert_same(first, second)
