"""The numbers behind the figures of the gallery, which the cells of the book's pages print."""

import math

import pandas as pd

from w2s_sim.figures.finding import scripts_folder
from w2s_sim.figures.record import read_record

# A smaller number is written with a power of ten.
SMALL = 1e-4


def recorded(name: str) -> dict[str, pd.DataFrame]:
    """Return the tables of a figure of the gallery, as `w2s figures` computed them last.

    Args:
        name: Name of the figure, such as "headline".

    Raises:
        InputError: If the gallery has no record of that name.
    """
    return read_record(scripts_folder() / "gallery" / f"{name}.json").frames


def recorded_verdicts(theorem: str, role: str = "theorem") -> pd.DataFrame:
    """Return what the battery measured for a theorem: the record of the figure `battery`.

    Args:
        theorem: Id of the theorem.
        role: "theorem" for the cases of the theorem, "lemma", or "control".

    Returns:
        One row per case, in the order of the battery. `measured` holds a mean with its standard error in
        brackets; `ratio` is the mean over the bound, empty for a bound of zero.
    """
    rows = recorded("battery")["rows"]
    rows = rows.loc[(rows["theorem"] == theorem) & (rows["role"] == role)]
    table = with_errors(rows.rename(columns={"se": "measured_se"}))
    ratio = (rows["measured"] / rows["bound"]).map("{:.2f}".format)
    table["ratio"] = ratio.where(rows["bound"] != 0, "")
    table["bound"] = rows["bound"].map("{:.6g}".format)
    columns = ["case", "measured", "bound", "ratio", "verdict", "replicates"]
    return pd.DataFrame(table[columns]).set_index("case")


def with_errors(table: pd.DataFrame) -> pd.DataFrame:
    """Join each column of means with its column of standard errors, as `with_error` writes them.

    Args:
        table: A table in which a column `risk_se` holds the standard errors of the column `risk`, and so on.

    Returns:
        The table with texts such as "0.3757(8)" in the columns of means, and without those of errors.
    """
    errors = [name for name in table.columns if name.endswith("_se") and name.removesuffix("_se") in table]
    joined = table.drop(columns=errors)
    for error in errors:
        mean = error.removesuffix("_se")
        joined[mean] = [with_error(*pair) for pair in zip(table[mean], table[error], strict=True)]
    return joined


def with_error(mean: float, se: float) -> str:
    """Write a mean with its standard error in units of its last digit.

    Args:
        mean: The mean.
        se: Its standard error, at least 0, in the unit of the mean.

    Returns:
        Such as "0.3757(8)" for 0.37571 and 0.00081. The error has one digit, or two if it begins with 1.
        Small numbers have a power of ten; a mean without error has six digits.
    """
    if not (se > 0 and math.isfinite(se) and math.isfinite(mean)):
        return f"{mean:.6g}"
    places = -math.floor(math.log10(se))
    if round(se * 10**places) == 1:
        places += 1
    size = max(abs(mean), se)
    power = math.floor(math.log10(size)) if size < SMALL else 0
    shown = max(places + power, 0)
    text = f"{mean / 10.0**power:.{shown}f}({round(se * 10.0 ** (shown - power))})"
    return f"{text}e{power:03d}" if power else text
