"""Several ways to transfer the concept prior, side by side on one task."""

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
) -> pd.DataFrame:
    """How well several estimators recover the concept prior, and what they predict with it.

    Replicate i of every estimator uses the same key, so that differences between estimators are less noisy
    than the figures themselves.

    Args:
        task: With regression concepts, or with finitely many outcomes.
        estimators: By name. Those that are no `PriorTransfer`, such as naive fine-tuning, have no figures of
            a prior, and are for regression concepts alone.
        replicates: Independent weak data sets per estimator, >= 2.
        seed: Replicate i depends on (seed, i) alone.
        grouped: Whether the demonstrations of one context share one draw of the concept.

    Returns:
        One row per estimator: `estimator`; `risk`, excess risk in squared
        label units, or excess log loss in nats; `prior_kl`, the mean of KL(alpha^Q || prior) in nats over the
        replicates where it is finite, and `prior_kl_infinite`, the share of the others: those whose prior
        excludes a concept that is wanted; `prior_tv`, total variation; `pgr`, performance gap recovered
        against the weak model's own predictor; each mean with its Monte Carlo standard error `..._se`;
        `sample_size`, weak pairs consumed; `replicates`.

    Raises:
        InputError: If `replicates` is below 2, the seed is none, or an estimator not for these concepts.

    Warns:
        PrecisionWarning: If labels are too large, beside their noise, for the precision at hand.
    """
    return comparison(task, estimators, PRIOR_METRICS, _prior_summary, replicates, seed, grouped)


def _prior_summary(values: Float[np.ndarray, "replicates 3"]) -> dict[str, float]:
    """Means of the errors of the prior with their standard errors; the divergence where it is finite."""
    divergences = values[:, 1]
    finite = divergences[np.isfinite(divergences)]
    prior_kl, prior_kl_se = sample_summary(finite) if len(finite) > 1 else (float("nan"),) * 2
    prior_tv, prior_tv_se = sample_summary(values[:, 2])
    return {
        "prior_kl": prior_kl,
        "prior_kl_se": prior_kl_se,
        "prior_kl_infinite": float(np.mean(np.isinf(divergences))),
        "prior_tv": prior_tv,
        "prior_tv_se": prior_tv_se,
    }
