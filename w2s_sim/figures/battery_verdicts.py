"""The verdicts of the whole battery, which several figures show: reached once in a process."""

import dataclasses
import functools

import pandas as pd

from w2s_sim.statements.registry import THEOREMS, all_statements
from w2s_sim.verify import PRESETS, Battery
from w2s_sim.verify.battery import Progress, verdict_frame

# Theorems of a draft, which take little time.
DRAFT = ("naive-floor", "em-refinement", "hull-misfit")
COLUMNS = [
    "theorem",
    "role",
    "case",
    "kind",
    "measured",
    "se",
    "ci_low",
    "ci_high",
    "bound",
    "verdict",
    "expected",
    "as_expected",
    "replicates",
]


@functools.cache
def battery_verdicts(fast: bool, seed: int, progress: Progress) -> pd.DataFrame:
    """Return the verdicts of `w2s verify` on the theorems of the book: cases, lemmas, controls and mutants.

    Args:
        fast: Whether a draft suffices: three theorems.
        seed: Seed of all replicates.
        progress: Called with the name of each row before it is sampled, and the number of rows done.

    Returns:
        One row per verdict; the columns are fields of `Verdict`, and `as_expected`.
    """
    statements = [all_statements()[name] for name in (DRAFT if fast else THEOREMS)]
    settings = dataclasses.replace(PRESETS["quick"], seed=seed)
    return pd.DataFrame(verdict_frame(Battery(statements, "quick", settings).run(progress))[COLUMNS])
