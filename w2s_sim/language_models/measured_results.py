"""The tables of the experiments of the language model, kept with the package (see `data/README.md`)."""

from importlib.resources import files
from typing import Literal

import pandas as pd

Table = Literal["in_context", "in_context_random", "refinement", "differences"]


def measured_results(name: Table) -> pd.DataFrame:
    """Return a table of an experiment, with the columns of `answer_metrics.summary`.

    Args:
        name: "in_context" and "refinement" with systematic errors, "in_context_random" with random ones;
            "differences": of the arms of refinement to "naive", paired.
    """
    with files("w2s_sim.language_models").joinpath("data", f"{name}.csv").open(encoding="utf-8") as stream:
        return pd.read_csv(stream, keep_default_na=False)
