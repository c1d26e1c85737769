"""How evidence grows with the number of demonstrations: like n, like log n, or in between.

A curve is fitted by level + slope (n^e - 1)/e. The exponent e is 1 for independent demonstrations, each of
which adds the same evidence, and 0 for a logarithm (Box and Cox 1964).
"""

import dataclasses

import numpy as np
import pandas as pd
from jaxtyping import Float, Int

# The exponents among which the best one is looked for.
EXPONENTS = np.linspace(-2.0, 2.0, 401)
RESAMPLES = 1000


@dataclasses.dataclass(frozen=True)
class Growth:
    """A curve of growth, and the share of the curve's variance that two straight lines explain.

    Attributes:
        exponent: The exponent e of the best fit.
        interval: Interval of the exponent.
        linear: R^2 of the best line in n.
        logarithmic: R^2 of the best line in log n.
    """

    exponent: float
    interval: tuple[float, float]
    linear: float
    logarithmic: float


def evidence_growth(
    numbers: Int[np.ndarray, " N"],
    curve: Float[np.ndarray, " N"],
    resampled: Float[np.ndarray, "R N"],
    *,
    level: float = 0.95,
) -> Growth:
    """Fit a curve of growth.

    Args:
        numbers: The numbers n >= 1 of demonstrations.
        curve: The evidence after n demonstrations.
        resampled: The same curve on R resamples of the data, for the interval.
        level: Probability that the interval holds, in (0, 1).
    """
    low, high = np.quantile(best_exponents(numbers, resampled), [(1.0 - level) / 2.0, (1.0 + level) / 2.0])
    return Growth(
        exponent=float(best_exponents(numbers, curve[None])[0]),
        interval=(float(low), float(high)),
        linear=_explained(numbers, curve),
        logarithmic=_explained(np.log(numbers), curve),
    )


def best_exponents(
    numbers: Int[np.ndarray, " N"], curves: Float[np.ndarray, "R N"]
) -> Float[np.ndarray, " R"]:
    """Return the exponent e of the best fit to each curve, by least squares, between -2 and 2."""
    logs = np.log(numbers)
    shapes = np.array([logs if e == 0.0 else np.expm1(e * logs) / e for e in EXPONENTS])
    shapes -= shapes.mean(axis=1, keepdims=True)
    shapes /= np.linalg.norm(shapes, axis=1, keepdims=True)
    centred = curves - curves.mean(axis=1, keepdims=True)
    return EXPONENTS[np.argmax(np.square(centred @ shapes.T), axis=1)]


def mean_curve(rows: pd.DataFrame, column: str) -> tuple[Int[np.ndarray, " N"], Float[np.ndarray, " N"]]:
    """Return the numbers n of the rows, and the mean of a column for each."""
    numbers, index = np.unique(rows["n"].to_numpy(), return_inverse=True)
    return numbers, np.bincount(index, weights=rows[column].to_numpy()) / np.bincount(index)


def resampled_means(
    rows: pd.DataFrame, column: str, *, resamples: int = RESAMPLES, seed: int = 0
) -> Float[np.ndarray, "R N"]:
    """Return the mean of a column for each n, with random weights of the paths and of the questions.

    Paths and questions are two crossed random effects. A row is weighted by the product of the weights of its
    path and its question, which are exponential (Owen and Eckles 2012, arXiv 1106.2125). The intervals are
    rather too wide than too narrow.

    Args:
        rows: Rows of `run_evidence`, with columns seed, path, question and n.
        column: The column.
        resamples: Number R of resamples.
        seed: Seed of the resamples.
    """
    rng = np.random.default_rng(seed)
    weight = np.ones((resamples, len(rows)))
    for names in (["seed", "path"], ["question"]):
        group = rows.groupby(names, sort=True).ngroup().to_numpy()
        weight *= rng.exponential(size=(resamples, group.max() + 1))[:, group]
    of_number = rows["n"].to_numpy()[:, None] == np.unique(rows["n"])
    return ((weight * rows[column].to_numpy()) @ of_number) / (weight @ of_number)


def _explained(places: np.ndarray, curve: Float[np.ndarray, " N"]) -> float:
    return float(np.corrcoef(places, curve)[0, 1] ** 2)
