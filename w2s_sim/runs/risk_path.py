"""Mean risks of a whole path of fine-tuned students, from the spectrum of the weak inputs alone."""

from collections.abc import Mapping
from typing import Any

import jax.numpy as jnp
import pandas as pd
from jaxtyping import Array, Float, Key

from w2s_sim._checks import described, require_count, require_part
from w2s_sim.errors import InputError
from w2s_sim.estimators import Estimator, SpectralFinetuning
from w2s_sim.frames import CompactFrame
from w2s_sim.laws.bidiagonal import WishartSpectrum
from w2s_sim.precision import in_precision
from w2s_sim.randomness import Seed, require_seed
from w2s_sim.runs.comparison import named, row_of
from w2s_sim.runs.relative_risk import ReferenceRisks
from w2s_sim.tasks.regression_task import TransferTask
from w2s_sim.verify import replicate


def finetuning_risk_path(
    task: TransferTask, estimators: Mapping[str, Estimator], *, replicates: int = 1000, seed: Seed = 0
) -> pd.DataFrame:
    """Estimate the mean excess risk of many fine-tuned students on one task, without weak data.

    The estimates have the same means as those of `compare`, at a small part of the cost. With standard normal
    features and a point-mass target, the mean risk is a combination of traces of functions of S = X^T X / n.
    One draw of the spectrum of S, which takes 2 min(n, d) random numbers, serves all estimators with n weak
    pairs. What the directions of S and the label noise add to the risk is averaged in closed form, so that a
    standard error takes fewer replicates as well. `Ridge` and `LeastSquares` (also inside `LabelMixing`)
    need no eigenvalues, and are the fastest.

    Args:
        task: A task with standard normal features and a point-mass target; the weak noise may have any law.
        estimators: Estimators by name, each a member of the family of fine-tuning: `Ridge`, `LeastSquares`,
            `GradientDescent`, `SpectralCutoff`, `LabelMixing`.
        replicates: Number of independent spectra, >= 2.
        seed: Seed; replicate i depends only on (seed, i).

    Returns:
        One row per estimator, with the columns of `compare`: `estimator`, `risk` and its Monte Carlo standard
        error `risk_se` (squared label units), `pgr`, `gain_over_source` and their
        standard errors, `sample_size`, `replicates`. Estimators
        with the same number of pairs share their draws.

    Raises:
        InputError: If the mean risk of the task or of an estimator is not known to be such a combination.

    Source: theory/exact-reductions.md; the bidiagonal matrix of Dumitriu & Edelman 2002.
    """
    require_count("replicates", replicates, 2)
    require_seed(seed)
    require_part("task", task, TransferTask, "a task with regression concepts")
    if reason := why_not_spectral(task):
        raise InputError("task", reason, "standard normal features and a point-mass target")
    task, estimators = in_precision(task), named(estimators, task)
    for name, estimator in estimators.items():
        if not isinstance(estimator, SpectralFinetuning):
            given = described(estimator)
            raise InputError(f"estimators[{name!r}]", given, "a fine-tuning estimator, such as Ridge")
    values = replicate(
        conditional_risks, (task, tuple(estimators.values())), seed=seed, start=0, stop=replicates
    )
    references = ReferenceRisks.of(task)
    rows = [
        row_of(name, estimator, risks, references)
        for (name, estimator), risks in zip(estimators.items(), values.T, strict=True)
    ]
    return CompactFrame(rows)


def why_not_spectral(task: TransferTask) -> str:
    """Return why the mean risk of fine-tuning is not a combination of traces; "" if it is.

    Needs concrete values.
    """
    if not task.features.isotropic or task.features.normal_factor is None:
        return f"features of the law {type(task.features).__name__}"
    return "" if task.has_point_mass_target else "a target prior on several concepts"


def conditional_risks(
    key: Key[Array, ""], case: tuple[TransferTask, tuple[SpectralFinetuning, ...]]
) -> Float[Array, " estimators"]:
    """One replicate: the mean risk of every student given the spectrum of S, in squared label units."""
    task, estimators = case
    source_error = task.source_vector - task.target_vector
    weak_error = task.weak_vector - task.target_vector
    spectra: dict[int, Any] = {
        size: WishartSpectrum.draw(task.dim, size, key=key)
        for size in {estimator.sample_size for estimator in estimators}
    }
    risks = []
    for estimator in estimators:
        traces = estimator.gain_traces(spectra[estimator.sample_size])
        risks.append(
            traces.kept * (source_error @ source_error)
            + 2.0 * traces.mixed * (source_error @ weak_error)
            + traces.taken * (weak_error @ weak_error)
            + traces.noise * task.supervisor.noise**2
        )
    return jnp.stack(risks)
