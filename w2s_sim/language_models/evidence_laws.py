"""The laws that fit the experiment of evidence: how style is inferred, and how contents are copied."""

from collections.abc import Callable

import numpy as np
import pandas as pd
from jaxtyping import Float

from w2s_sim.language_models.answer_metrics import clustered_mean
from w2s_sim.language_models.evidence_growth import Growth, evidence_growth, resampled_means
from w2s_sim.language_models.rate_readers import (
    RateReader,
    UnknownRate,
    fit_known_rates,
    fit_unknown_rate,
    log_loss,
)

MEASURED = ("style_log_odds", "style_failure", "right_probability", "bait_probability", "other_probability")


def summary_of_evidence(rows: pd.DataFrame) -> pd.DataFrame:
    """Return means after n demonstrations, with standard errors, for n = 0 and all powers of 2.

    Args:
        rows: Rows of `run_evidence`. After n demonstrations of a style, every path has one row, and questions
            may be asked in several paths, which the standard errors take into account.

    Returns:
        One row for each condition, style and n: the number of paths, and the columns of `path_scores`, each
        with its standard error.
    """
    shown = rows.loc[(rows["n"] & (rows["n"] - 1)) == 0]
    table = []
    for (condition, style, number), own in shown.groupby(["condition", "style", "n"], sort=False):
        row: dict[str, object] = {"condition": condition, "style": style, "n": number, "paths": len(own)}
        for name in MEASURED:
            row[name], row[f"{name}_se"] = clustered_mean(own[name].to_numpy(), own["question"].to_numpy())
        table.append(row)
    return pd.DataFrame(table)


def style_growth(rows: pd.DataFrame, first: int = 1) -> Growth:
    """Fit the growth of the style's log odds with the number of demonstrations.

    Args:
        rows: Rows of `run_evidence` of one condition and style.
        first: Smallest number of demonstrations that counts, at least 1.
    """
    return _growth(rows, "style_log_odds", first, lambda curve: curve)


def failure_growth(rows: pd.DataFrame, first: int = 1) -> Growth:
    """Fit the growth of minus the log probability that an answer does not begin as the style does.

    A slope in log n is the power of n with which this probability falls.

    Args:
        rows: Rows of `run_evidence` of one condition and style.
        first: Smallest number of demonstrations that counts, at least 1.
    """
    return _growth(rows, "style_failure", first, lambda curve: -np.log(curve))


def copied_share(rows: pd.DataFrame) -> Float[np.ndarray, " N"]:
    """Return the probability of the bait against that of the right content, for each row."""
    bait, right = (rows[name].to_numpy() for name in ("bait_probability", "right_probability"))
    return bait / (bait + right)


def fitted_reader(rows: pd.DataFrame) -> UnknownRate:
    """Fit the reader of an unknown rate of wrong contents to rows of one style."""
    return fit_unknown_rate(*_counts(rows))


def reader_comparison(rows: pd.DataFrame) -> pd.DataFrame:
    """Compare readers by their loss on seeds that they were not fitted to.

    Args:
        rows: Rows of `run_evidence` of one condition and style, with at least two seeds.

    Returns:
        One row for the reader of an unknown rate, one for the reader of known rates, and one for a constant
        rate: the mean loss in nats, the mean difference to the first reader, and its standard error (paths
        are independent).
    """
    losses: dict[str, list[np.ndarray]] = {"unknown rate": [], "known rates": [], "constant": []}
    paths = []
    for seed in rows["seed"].unique():
        others, own = rows.loc[rows["seed"] != seed], rows.loc[rows["seed"] == seed]
        readers = {"unknown rate": fit_unknown_rate, "known rates": fit_known_rates, "constant": _constant}
        for name, fit in readers.items():
            losses[name].append(_loss(fit(*_counts(others)), own))
        paths.append(own.groupby(["seed", "path"]).ngroup().to_numpy() + len(rows) * int(seed))
    clusters = np.concatenate(paths)
    of_reader = {name: np.concatenate(parts) for name, parts in losses.items()}
    table = []
    for name, values in of_reader.items():
        difference, error = clustered_mean(values - of_reader["unknown rate"], clusters)
        table.append((name, float(values.mean()), difference, error))
    return pd.DataFrame(table, columns=["reader", "loss", "difference", "difference_se"])


def _growth(rows: pd.DataFrame, column: str, first: int, of: Callable[[np.ndarray], np.ndarray]) -> Growth:
    used = rows.loc[rows["n"] >= first]
    curve = used.groupby("n")[column].mean()
    return evidence_growth(np.asarray(curve.index), of(curve.to_numpy()), of(resampled_means(used, column)))


def _counts(rows: pd.DataFrame) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    return rows["errors"].to_numpy(), rows["n"].to_numpy(), copied_share(rows)


def _constant(events: np.ndarray, number: np.ndarray, said: np.ndarray) -> RateReader:
    """Return a reader whom demonstrations do not move: one whose prior outweighs them all."""
    return UnknownRate(float(np.mean(said)), 1e9)


def _loss(reader: RateReader, rows: pd.DataFrame) -> np.ndarray:
    events, number, said = _counts(rows)
    return log_loss(reader.probability(events, number), said)
