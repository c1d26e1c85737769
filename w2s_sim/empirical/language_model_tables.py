"""The kept tables of the experiments with a real language model (see `language_models/data/README.md`)."""

import functools
from typing import Literal

import pandas as pd

from w2s_sim.empirical.kept_tables import kept_table

Table = Literal[
    "evidence", "evidence_quarter", "in_context", "in_context_random", "refinement", "differences"
]
# The file of every table, and the command that makes it.
EVIDENCE, REFINE, IN_CONTEXT = (
    "w2s lm evidence --out DIR",
    "w2s lm refine --out DIR",
    "w2s lm in-context --out DIR",
)
MADE: dict[Table, tuple[str, str]] = {
    "evidence": ("evidence.csv.gz", EVIDENCE),
    "evidence_quarter": (
        "evidence_quarter.csv.gz",
        f"{EVIDENCE} --wrong-share 0.25 --styles pirate json --controls",
    ),
    "in_context": ("in_context.csv", IN_CONTEXT),
    "in_context_random": (
        "in_context_random.csv",
        f"{IN_CONTEXT} --errors random --seeds 1 --prompts 48 --sizes 0 2 8",
    ),
    "refinement": ("refinement.csv", REFINE),
    "differences": ("differences.csv", REFINE),
}


@functools.cache
def _read(name: Table) -> pd.DataFrame:
    file, command = MADE[name]
    return kept_table(f"language_models/data/{file}", command)


def measured_table(name: Table) -> pd.DataFrame:
    """Return a table of an experiment.

    Args:
        name: "in_context", "refinement" and "differences" (of its arms to "naive", paired) with systematic
            errors, "in_context_random" with random ones: columns as from `answer_metrics.summary`.
            "evidence" and "evidence_quarter" hold all rows of `run_evidence`.

    Raises:
        NotMeasuredError: If the table is missing.
    """
    return _read(name).copy()


def evidence_rows(condition: str = "weak", *, quarter: bool = False) -> pd.DataFrame:
    """Return the rows of the experiment of evidence with SmolLM2-135M-Instruct.

    Args:
        condition: What the model read.
        quarter: Whether a quarter of the demonstrations is wrong, rather than half of them.

    Raises:
        NotMeasuredError: If the table is missing.
    """
    rows = measured_table("evidence_quarter" if quarter else "evidence")
    return rows.loc[rows["condition"] == condition].reset_index(drop=True)
