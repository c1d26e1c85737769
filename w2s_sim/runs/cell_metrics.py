"""What a study measures of every replicate, and how its figures label the numbers."""

from collections.abc import Mapping, Sequence
from typing import Any

import jax.numpy as jnp
from jaxtyping import Array, Float, Key

from w2s_sim.concepts import StyleContentModel
from w2s_sim.errors import InputError
from w2s_sim.estimators import PriorTransfer
from w2s_sim.runs.prior_comparison import prior_scores
from w2s_sim.statements import Case
from w2s_sim.tasks.finite_task import FiniteTask
from w2s_sim.tasks.regression_task import TransferTask
from w2s_sim.tasks.task import WeakData

METRICS = ("risk", "prior_kl", "prior_tv", "style_error", "content_error")
# Not measured of a replicate, but made of the mean risk of a cell.
GAP_RECOVERED = "pgr"
RISK_LABELS: Mapping[type, str] = {
    TransferTask: "excess risk (squared label units)",
    FiniteTask: "excess log loss (nats)",
}
METRIC_LABELS: Mapping[str, str] = {
    "prior_kl": "KL(target prior || learned prior) (nats)",
    "prior_tv": "total variation from the target prior (probability)",
    "style_error": "style error (total variation, probability)",
    "content_error": "content error (total variation, probability)",
    GAP_RECOVERED: "performance gap recovered (share)",
}


def study_scores(key: Key[Array, ""], data: WeakData, case: Case[Any]) -> Float[Array, " 5"]:
    """The metrics of one replicate, in the order of `METRICS`; those that the case has not are nan.

    Args:
        key: Typed PRNG key of the estimator, independent of the data.
        data: The weak data that it consumes.
        case: The task and the estimator.

    Returns:
        Excess risk, in squared label units or nats; KL(alpha^Q || prior) in nats and the total variation of
        the two, for estimators that transfer a prior; style error and content error (total variation of the
        laws of either symbol, averaged over contexts), for those on tasks of style/content concepts.
    """
    return jnp.concatenate([prior_scores(key, data, case), _style_content_errors(key, data, case)])


def _style_content_errors(key: Key[Array, ""], data: WeakData, case: Case[Any]) -> Float[Array, " 2"]:
    source, estimator = case.task.source, case.estimator
    if not (isinstance(source, StyleContentModel) and isinstance(estimator, PriorTransfer)):
        return jnp.full(2, jnp.nan)
    # The same prior as in `prior_scores`, from the same key.
    prior = estimator.transferred_prior(source, data, key=key)
    return jnp.stack(source.errors(prior, case.task.target_prior))


def metric_label(metric: str, tasks: Sequence[TransferTask | FiniteTask]) -> str:
    """A metric with its unit, as an axis of a figure is labelled.

    Args:
        metric: One of `METRICS`, or "pgr", the performance gap recovered.
        tasks: Those that are drawn: the unit of a risk is theirs.

    Raises:
        InputError: If there is no such metric.
    """
    if metric in METRIC_LABELS:
        return METRIC_LABELS[metric]
    if metric != "risk":
        raise InputError("metric", repr(metric), "one of " + ", ".join((*METRICS, GAP_RECOVERED)))
    found = [label for kind, label in RISK_LABELS.items() if any(isinstance(task, kind) for task in tasks)]
    return " or ".join(found)
