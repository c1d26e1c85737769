"""Several ways to transfer the concept prior, side by side on one task."""

from collections.abc import Mapping
from typing import Any

import jax.numpy as jnp
import numpy as np
import pandas as pd
from jaxtyping import Array, Float, Key

from w2s_sim._checks import require_count, require_part
from w2s_sim._forks import require_threads
from w2s_sim.estimators import Estimator
from w2s_sim.estimators.prior_transfer import PriorTransfer
from w2s_sim.frames import CompactFrame
from w2s_sim.metrics import kl_divergence, performance_gap_recovered, total_variation
from w2s_sim.precision import in_precision
from w2s_sim.randomness import Seed, require_seed
from w2s_sim.runs.comparison import named
from w2s_sim.statements import Case, FromWeakData
from w2s_sim.statements.contract.case import TASKS
from w2s_sim.tasks.finite_task import FiniteTask
from w2s_sim.tasks.regression_task import TransferTask
from w2s_sim.tasks.task import Task, WeakData
from w2s_sim.verify import replicate
from w2s_sim.verify.intervals import sample_summary


def prior_scores(key: Key[Array, ""], data: WeakData, case: Case[Any]) -> Float[Array, " 3"]:
    """Excess risk, KL(alpha^Q || prior) and total variation of the prior."""
    task, estimator = case.task, case.estimator
    if not isinstance(estimator, PriorTransfer):
        risk = task.excess_risk(estimator.fit(task.source, data, key=key))
        return jnp.stack([risk, jnp.nan * risk, jnp.nan * risk])
    prior = estimator.transferred_prior(task.source, data, key=key)
    risk = task.excess_risk(task.source.student(prior))
    return jnp.stack(
        [risk, kl_divergence(task.target_prior, prior), total_variation(task.target_prior, prior)]
    )


def compare_priors(
    task: TransferTask | FiniteTask,
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
    """
    require_threads()
    require_count("replicates", replicates, 2)
    require_seed(seed)
    require_part("task", task, Task, TASKS)
    task, estimators = in_precision(task), named(estimators, task)
    weak_risk = float(task.weak_risk)
    rows = []
    for name, estimator in estimators.items():
        case = Case(name, task, estimator, grouped)
        values = np.asarray(replicate(FromWeakData(prior_scores), case, seed=seed, start=0, stop=replicates))
        risk, risk_se = sample_summary(values[:, 0])
        divergences = values[:, 1]
        finite = divergences[np.isfinite(divergences)]
        prior_kl, prior_kl_se = sample_summary(finite) if len(finite) > 1 else (float("nan"),) * 2
        prior_tv, prior_tv_se = sample_summary(values[:, 2])
        rows.append(
            {
                "estimator": name,
                "risk": risk,
                "risk_se": risk_se,
                "prior_kl": prior_kl,
                "prior_kl_se": prior_kl_se,
                "prior_kl_infinite": float(np.mean(np.isinf(divergences))),
                "prior_tv": prior_tv,
                "prior_tv_se": prior_tv_se,
                "pgr": float(performance_gap_recovered(risk, weak_risk)),
                "pgr_se": risk_se / weak_risk if weak_risk > 0 else float("nan"),
                "sample_size": estimator.sample_size,
                "replicates": replicates,
            }
        )
    return CompactFrame(rows)
