"""Comparison of several estimators of the concept prior on one task."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from jaxtyping import Float

from w2s_sim.estimators import Estimator
from w2s_sim.randomness import Seed
from w2s_sim.runs.comparison import comparison
from w2s_sim.tasks.task import PRIOR_LABELS, ConceptTask
from w2s_sim.verify.intervals import sample_summary

PRIOR_METRICS = ("risk", *PRIOR_LABELS)


def compare_priors(
    task: ConceptTask[Any, Any, Any],
    estimators: Mapping[str, Estimator],
    *,
    replicates: int = 1000,
    seed: Seed = 0,
    grouped: bool = False,
    baseline: str | None = None,
) -> pd.DataFrame:
    """Measure how well several estimators recover the concept prior, and the risk of their predictions.

    In every replicate all estimators learn from the same weak data: an estimator that needs n pairs reads the
    first n. Differences between estimators are therefore less noisy than the means themselves.

    Args:
        task: Task with regression concepts, or with finitely many outcomes.
        estimators: Estimators by name. An estimator whose student has no prior over the source's concepts,
            such as naive fine-tuning or the confidence loss, has no errors of the prior (nan).
        replicates: Number of independent weak data sets per estimator, >= 2.
        seed: Seed; replicate i depends only on (seed, i).
        grouped: Whether the demonstrations of one context share one draw of the concept.
        baseline: Name of the estimator with which the risks of the others are compared.

    Returns:
        One row per estimator: `estimator`; `risk`, excess risk in squared label units, or excess log loss in
        nats; `prior_kl`, the mean of KL(alpha^Q || prior) in nats over the replicates where it is finite, and
        `prior_kl_infinite`, the share of replicates where it is infinite because the estimated prior excludes
        a concept of the target; `prior_tv`, total variation; `pgr`, performance gap recovered against the
        weak model's own predictor; `gain_over_source`, share of the unaligned strong model's risk that is
        avoided; each mean with its Monte Carlo standard error `..._se`; `sample_size`,
        weak pairs consumed; `replicates`. With a baseline also the columns of `compare` for it.

    Raises:
        InputError: If `replicates` is below 2, the seed is invalid, or an estimator does not suit the
            concepts of the task.

    Warns:
        PrecisionWarning: If labels are too large, relative to their noise, for the current precision.
    """
    return comparison(task, estimators, PRIOR_METRICS, _prior_summary, replicates, seed, grouped, baseline)


def _prior_summary(values: Float[np.ndarray, "replicates 3"]) -> dict[str, float]:
    """Return the means of the prior's errors with standard errors; of the divergence where it is finite."""
    divergences = values[:, 1]
    finite = divergences[np.isfinite(divergences)]
    prior_kl, prior_kl_se = sample_summary(finite) if len(finite) > 1 else (float("nan"),) * 2
    prior_tv, prior_tv_se = sample_summary(values[:, 2])
    return {
        "prior_kl": prior_kl,
        "prior_kl_se": prior_kl_se,
        # A student without a prior has no share either: nan, like its other columns.
        "prior_kl_infinite": float(np.mean(np.where(np.isnan(divergences), np.nan, np.isinf(divergences)))),
        "prior_tv": prior_tv,
        "prior_tv_se": prior_tv_se,
    }
