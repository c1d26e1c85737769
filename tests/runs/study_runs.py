"""Studies that are quick to run, and what their folders hold."""

import signal
import time
from pathlib import Path
from typing import Any

import pandas as pd

from tests.files.bad_studies import GOOD
from w2s_sim.files.study_file import Study
from w2s_sim.runs.interruption import POLL_SECONDS
from w2s_sim.runs.runner import run_study
from w2s_sim.runs.store import Store

# Five cells.
SMALL = GOOD.replace("replicates = 100", "replicates = 1400").replace("[1, 2, 4]", "[4]")
# One cell of it.
ONE = SMALL.replace("ridge = [0.0, 0.3]", "ridge = 0.3").replace("num_weak = [50, 200]", "num_weak = 20")
ONE = ONE[: ONE.rindex("[[estimator]]")] + ONE[ONE.index("[replication]") :]
CLI = "from w2s_sim.cli import main; main()"


def results_of(study: Study, folder: Path, **options: Any) -> pd.DataFrame:
    """Run a study to its end."""
    table = run_study(study, folder, **options)
    assert table is not None
    return table


def kept(folder: Path) -> list[pd.DataFrame]:
    """All replicates that a folder holds, by cell."""
    store = Store(folder)
    held = store.ranges()
    return [
        pd.concat([table.to_pandas() for table in store.read(cell, held[cell])], ignore_index=True)
        for cell in sorted(held)
    ]


def assert_same_rows(found: Any, expected: Any) -> None:
    """Two tables, to the bit."""
    pd.testing.assert_frame_equal(found, expected, check_exact=True)


def assert_same(first: Path, second: Path) -> None:
    """To the bit, every replicate once."""
    ours = kept(first)
    assert len(ours) > 0
    for one, other in zip(ours, kept(second), strict=True):
        assert_same_rows(one, other)
        assert one["replicate"].tolist() == list(range(len(one)))


def assert_same_results(first: Path, second: Path) -> None:
    """To the bit, in the files that were written."""
    one, other = (pd.read_parquet(folder / "results.parquet") for folder in (first, second))
    assert_same_rows(one, other)
    assert_same(first, second)


def ask_to_end() -> None:
    """SIGTERM, and long enough for the main thread to notice it, however quick the work is."""
    signal.raise_signal(signal.SIGTERM)
    time.sleep(4 * POLL_SECONDS)
