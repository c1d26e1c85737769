"""When a sampled risk has a variance: without one, no interval for its mean can be trusted.

A risk is quadratic in the student, and the student linear in the noise of the labels that it is fitted on:
its square needs four moments of that noise. Where labels scatter with the features, or the fit divides by a
small eigenvalue, it needs moments of those as well.
"""

import functools
import math
from typing import NamedTuple

import numpy as np

from w2s_sim.estimators import (
    ConjugateRefinement,
    Estimator,
    GradientDescent,
    LabelMixing,
    PriorTransfer,
    Refinement,
    Ridge,
    SpectralCutoff,
    SpectralFinetuning,
)
from w2s_sim.laws.features import FeatureLaw
from w2s_sim.statements.contract.case import Assumption, Case
from w2s_sim.tasks.regression_task import TransferTask


class Labels(NamedTuple):
    """How the labels that a student is fitted on scatter about one linear function of x.

    Attributes:
        features: The law of x.
        noise_order: `moment_order` of their noise; infinite without noise.
        is_noisy: Whether there is noise.
        is_mixed: Whether they show several concepts, whose differences grow with x.
    """

    features: FeatureLaw
    noise_order: float
    is_noisy: bool
    is_mixed: bool

    @property
    def have_four_moments(self) -> bool:
        return self.noise_order > 4 and (not self.is_mixed or self.features.moment_order > 4)

    @property
    def are_exact(self) -> bool:
        return not self.is_noisy and not self.is_mixed


def weak_labels(case: Case) -> Labels:
    """Those of the weak model; all labels of a grouped data set show one concept."""
    task = case.task
    shown = np.asarray(task.supervisor.vectors)[np.asarray(task.target_prior) > 0]
    is_noisy = float(task.supervisor.noise) > 0
    order = task.supervisor.law.moment_order if is_noisy else math.inf
    return Labels(task.features, order, is_noisy, not case.grouped and bool(np.any(shown != shown[0])))


def refined_labels(task: TransferTask, estimator: Refinement) -> Labels:
    """Those of the strong model: its noise, about a concept drawn from the posterior, or about their mean."""
    is_drawn = estimator.labels == "draw"
    order = task.source.law.moment_order if is_drawn else math.inf
    return Labels(task.features, order, is_drawn, is_drawn or estimator.context != "shared")


@functools.singledispatch
def is_finite(estimator: Estimator, labels: Labels, task: TransferTask) -> bool:
    """Whether the risk of an estimator that reads such labels has a variance.

    Of an estimator that is not listed here nothing more is known.
    """
    return labels.have_four_moments


@is_finite.register
def _(estimator: PriorTransfer, labels: Labels, task: TransferTask) -> bool:
    # A mixture of the concepts, whatever it reads: the risk is bounded.
    return True


@is_finite.register
def _(estimator: SpectralFinetuning, labels: Labels, task: TransferTask) -> bool:
    """Gains in [0, 1]: without scatter the risk is bounded, with it h(S) may be as large as 1/lambda."""
    inverse = labels.features.has_inverse_moments(estimator.sample_size, task.dim)
    return labels.are_exact or (labels.have_four_moments and inverse)


@is_finite.register
def _(estimator: Ridge, labels: Labels, task: TransferTask) -> bool:
    return _shrunk(estimator, float(estimator.ridge) > 0, labels, task)


@is_finite.register
def _(estimator: SpectralCutoff, labels: Labels, task: TransferTask) -> bool:
    return _shrunk(estimator, float(estimator.threshold) > 0, labels, task)


def _shrunk(estimator: SpectralFinetuning, is_bounded: bool, labels: Labels, task: TransferTask) -> bool:
    unshrunk = is_finite.dispatch(SpectralFinetuning)
    return (is_bounded and labels.have_four_moments) or unshrunk(estimator, labels, task)


@is_finite.register
def _(estimator: GradientDescent, labels: Labels, task: TransferTask) -> bool:
    # After t steps the squared risk is of degree 8 t in x.
    enough = labels.features.moment_order > 8 * estimator.steps
    return estimator.steps == 0 or (labels.noise_order > 4 and enough)


@is_finite.register
def _(estimator: LabelMixing, labels: Labels, task: TransferTask) -> bool:
    return float(estimator.mixing) == 1.0 or is_finite(estimator.student, labels, task)


@is_finite.register
def _(estimator: Refinement, labels: Labels, task: TransferTask) -> bool:
    # The weak labels choose the weights of the posterior alone.
    return is_finite(estimator.student, refined_labels(task, estimator), task)


@is_finite.register
def _(estimator: ConjugateRefinement, labels: Labels, task: TransferTask) -> bool:
    """The posterior mean shrinks like ridge; its student reads normal labels of concepts drawn about it."""
    if not labels.have_four_moments:
        return False
    drawn = Labels(labels.features, math.inf, True, True)
    return estimator.student is None or is_finite(estimator.student, drawn, task)


def has_finite_variance(case: Case) -> bool:
    """Whether the risk of the case's student has a variance, as far as its laws say."""
    return is_finite(case.estimator, weak_labels(case), case.task)


FINITE_VARIANCE = Assumption("finite variance of the risk", has_finite_variance)
