"""Tables of results kept in the package, because making them takes long or needs a language model."""

from importlib.resources import files

import pandas as pd

from w2s_sim.empirical.empirical_statement import NotMeasuredError


def kept_table(path: str, command: str) -> pd.DataFrame:
    """Return a table of results that is kept in the package.

    Args:
        path: Path of a CSV file in the folder of the package, such as "language_models/data/results.csv".
        command: The command that makes the table.

    Raises:
        NotMeasuredError: If there is no such file.
    """
    file = files("w2s_sim").joinpath(path)
    if not file.is_file():
        raise NotMeasuredError(f"the table w2s_sim/{path}", command)
    with file.open(encoding="utf-8") as stream:
        return pd.read_csv(stream)
