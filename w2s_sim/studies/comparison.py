"""Several estimators on one task, side by side."""

import warnings
from collections.abc import Mapping

import pandas as pd
from jaxtyping import Array, Float, Key

from w2s_sim._checks import require_count
from w2s_sim.errors import PrecisionWarning
from w2s_sim.estimators import Estimator
from w2s_sim.metrics import performance_gap_recovered
from w2s_sim.randomness import Seed, require_seed
from w2s_sim.statements import Case, FromWeakData
from w2s_sim.task import TransferTask, WeakData
from w2s_sim.verify import replicate
from w2s_sim.verify.intervals import sample_summary


def _excess_risk(key: Key[Array, ""], data: WeakData, case: Case) -> Float[Array, ""]:
    return case.task.excess_risk(case.estimator.fit(case.task.source, data, key=key))


def compare(
    task: TransferTask,
    estimators: Mapping[str, Estimator],
    *,
    replicates: int = 4000,
    seed: Seed = 0,
    grouped: bool = False,
) -> pd.DataFrame:
    """Mean excess risk of several estimators on one task.

    Replicate i of every estimator uses the same key, so that differences between estimators are less
    noisy than the risks themselves.

    Args:
        task: The task.
        estimators: Estimators by name.
        replicates: Independent weak data sets per estimator, >= 2.
        seed: Replicate i depends on (seed, i) alone.
        grouped: Whether the demonstrations of one context share one draw of the concept.

    Returns:
        One row per estimator: `estimator`, `sample_size` (weak pairs consumed), `risk` and its Monte Carlo
        standard error `risk_se` (squared label units), `pgr` and `pgr_se` (performance gap recovered
        against the weak model's own predictor; nan if that is already perfect), `replicates`.

    Raises:
        InputError: If `replicates` is below 2 or the seed is none.

    Warns:
        PrecisionWarning: If labels are too large, beside their noise, for the precision at hand.
    """
    require_count("replicates", replicates, 2)
    require_seed(seed)
    weak_risk = float(task.weak_risk)
    for name, estimator in estimators.items():
        if problem := task.unresolved(estimator.sample_size):
            warnings.warn(f"{name}: {problem}", PrecisionWarning, stacklevel=2)
    rows = []
    for name, estimator in estimators.items():
        case = Case(name, task, estimator, grouped)
        values = replicate(FromWeakData(_excess_risk), case, seed=seed, start=0, stop=replicates)
        risk, risk_se = sample_summary(values)
        # The weak model's risk is exact, so that the gap recovered is linear in the student's.
        rows.append(
            {
                "estimator": name,
                "sample_size": estimator.sample_size,
                "risk": risk,
                "risk_se": risk_se,
                "pgr": float(performance_gap_recovered(risk, weak_risk)),
                "pgr_se": risk_se / weak_risk if weak_risk > 0 else float("nan"),
                "replicates": replicates,
            }
        )
    return pd.DataFrame(rows)
