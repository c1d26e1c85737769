"""Tables of results kept in the package, because making them takes long or needs a language model."""

from importlib.resources import as_file, files

import pandas as pd

from w2s_sim.empirical.empirical_statement import NotMeasuredError


def kept_table(path: str, command: str) -> pd.DataFrame:
    """Return a table of results that is kept in the package.

    Args:
        path: Path of a CSV file in the folder of the package, compressed or not, such as
            "language_models/data/evidence.csv.gz".
        command: The command that makes the table.

    Raises:
        NotMeasuredError: If there is no such file.
    """
    file = files("w2s_sim").joinpath(path)
    if not file.is_file():
        raise NotMeasuredError(f"the table w2s_sim/{path}", command)
    with as_file(file) as own:
        return pd.read_csv(own)
