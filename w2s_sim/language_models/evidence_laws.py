"""The laws that fit the experiment of evidence: how style is inferred, and how contents are copied."""

import numpy as np
import pandas as pd
from jaxtyping import Bool, Float

from w2s_sim.language_models.answer_metrics import summary
from w2s_sim.language_models.demonstration_readers import (
    DemonstrationReader,
    FadingEvidence,
    KnownConcepts,
    SwitchingConcept,
    UnknownRate,
    fit_reader,
    log_loss,
)
from w2s_sim.language_models.evidence_growth import Growth, evidence_growth, mean_curve, resampled_means

# What tells paths apart.
PATH = ["style", "seed", "path"]
THEORY = "known concepts"
READERS: dict[str, type[DemonstrationReader]] = {
    THEORY: KnownConcepts,
    "unknown rate": UnknownRate,
    "switching concept": SwitchingConcept,
    "fading evidence": FadingEvidence,
}
MEASURED = ("style_log_odds", "style_failure", "right_probability", "bait_probability", "other_probability")


def summary_of_evidence(rows: pd.DataFrame) -> pd.DataFrame:
    """Return means after n demonstrations, with standard errors, for n = 0 and all powers of 2.

    Args:
        rows: Rows of `run_evidence`. After n demonstrations of a style, every path has one row, and questions
            may be asked in several paths, which the standard errors take into account.

    Returns:
        One row for each condition, style and n, see `summary`.
    """
    return summary(rows.loc[(rows["n"] & (rows["n"] - 1)) == 0], ("condition", "style", "n"), MEASURED)


def style_growth(rows: pd.DataFrame, level: float = 0.95) -> Growth:
    """Fit the growth of the style's log odds with the number of demonstrations, from the first on.

    Args:
        rows: Rows of `run_evidence` of one condition.
        level: Probability that the interval holds, in (0, 1).
    """
    used = rows.loc[rows["n"] >= 1]
    return evidence_growth(
        *mean_curve(used, "style_log_odds"), resampled_means(used, "style_log_odds"), level=level
    )


def paths_of(rows: pd.DataFrame) -> pd.DataFrame:
    """Return style, seed and path of every path, in the order in which `copying` has them."""
    return rows.loc[rows["n"] == 0, PATH].sort_values(PATH).reset_index(drop=True)


def copying(rows: pd.DataFrame) -> tuple[Bool[np.ndarray, "P N"], Float[np.ndarray, "P M"]]:
    """Return which demonstrations are wrong, and how much the model expects the next one to be so.

    Args:
        rows: Rows of `run_evidence` of one condition, and of one or several styles.

    Returns:
        For each of P paths: whether each of N demonstrations has the bait; and the probability of the bait
        against that of the right content after 0, 1, ..., N of them, M = N + 1 values.
    """
    ordered = rows.sort_values([*PATH, "n"])
    shape = (-1, int(rows["n"].to_numpy().max()) + 1)
    counts = ordered["errors"].to_numpy().reshape(shape)
    bait, right = (ordered[f"{name}_probability"].to_numpy().reshape(shape) for name in ("bait", "right"))
    return np.diff(counts, axis=1) > 0, bait / (bait + right)


def with_copying(rows: pd.DataFrame, said: Float[np.ndarray, "P M"]) -> pd.DataFrame:
    """Return ordered rows in which other probabilities of the bait take the place of the model's.

    Args:
        rows: Rows of `run_evidence` of one condition.
        said: For each of P paths, in the order of `copying`, the probability of the bait against that of the
            right content after 0, 1, ..., N demonstrations, M = N + 1 values.
    """
    ordered = rows.sort_values([*PATH, "n"]).reset_index(drop=True)
    return ordered.assign(bait_probability=said.ravel(), right_probability=1.0 - said.ravel())


def held_out_losses(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the loss of every kind of reader on paths of seeds that it was not fitted to.

    Args:
        rows: Rows of `run_evidence` of one condition, with at least two seeds.

    Returns:
        One row for each path of each style: style, seed, path, and the mean loss of the kinds in `READERS`
        over the answers along the path, in nats an answer.
    """
    tables = []
    for seed in rows["seed"].unique():
        held_out = rows["seed"] == seed
        fitted_to, own = copying(rows.loc[~held_out]), copying(rows.loc[held_out])
        table = paths_of(rows.loc[held_out])
        for name, kind in READERS.items():
            reader = fit_reader(kind, *fitted_to)
            table[name] = log_loss(reader.probabilities(own[0]), own[1]).mean(axis=1)
        tables.append(table)
    return pd.concat(tables, ignore_index=True)


def path_means(rows: pd.DataFrame, column: str) -> Float[np.ndarray, " P"]:
    """Return the mean of a column for each path of each seed, over all styles with its demonstrations."""
    index = rows.groupby(["seed", "path"], sort=True).ngroup().to_numpy()
    return np.bincount(index, weights=rows[column].to_numpy()) / np.bincount(index)


def reader_comparison(rows: pd.DataFrame) -> pd.DataFrame:
    """Compare readers by `held_out_losses`.

    Args:
        rows: Rows of `run_evidence` of one condition, with at least two seeds.

    Returns:
        One row for each kind of reader: the mean loss; the mean difference to the reader of the theory, and
        its standard error, in nats an answer. Paths are independent; styles with the same demonstrations
        count as one path together.
    """
    losses = held_out_losses(rows)
    table = []
    for name in READERS:
        gains = path_means(losses.assign(gain=losses[name] - losses[THEORY]), "gain")
        error = float(gains.std(ddof=1) / np.sqrt(len(gains)))
        loss = float(losses[name].to_numpy().mean())
        table.append((name, loss, float(gains.mean()), error))
    return pd.DataFrame(table, columns=["reader", "loss", "difference", "difference_se"])
