"""Conditions for a sampled risk to have a finite variance, without which no interval for its mean is valid.

The risk is quadratic in the student, and the student is linear in the noise of the labels that it is fitted
to: the squared risk needs four moments of that noise. If the scatter of the labels depends on the features,
or the fit divides by small eigenvalues, it needs moments of the features or of the inverse eigenvalues too.
"""

import functools
import math
from typing import NamedTuple

import numpy as np

from w2s_sim.estimators import (
    Bootstrapping,
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
    """The scatter about one linear function of x of the labels that a student is fitted to.

    Attributes:
        features: The law of x.
        noise_order: `moment_order` of the label noise; infinite without noise.
        is_noisy: Whether there is noise.
        is_mixed: Whether the labels come from several concepts, whose differences grow with x.
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
    """Return the scatter of the weak labels; all labels of a grouped data set come from one concept."""
    task = case.task
    shown = np.asarray(task.supervisor.vectors)[np.asarray(task.target_prior) > 0]
    is_noisy = float(task.supervisor.noise) > 0
    order = task.supervisor.law.moment_order if is_noisy else math.inf
    return Labels(task.features, order, is_noisy, not case.grouped and bool(np.any(shown != shown[0])))


def refined_labels(task: TransferTask, estimator: Refinement) -> Labels:
    """Return the scatter of the strong model's labels: drawn from a posterior concept, or posterior means."""
    is_drawn = estimator.labels == "draw"
    order = task.source.law.moment_order if is_drawn else math.inf
    return Labels(task.features, order, is_drawn, is_drawn or estimator.context != "shared")


@functools.singledispatch
def is_finite(estimator: Estimator, labels: Labels, task: TransferTask) -> bool:
    """Return whether the risk of an estimator that is fitted to such labels has a finite variance.

    This is the rule for estimators without a rule of their own below.
    """
    return labels.have_four_moments


@is_finite.register
def _(estimator: PriorTransfer, labels: Labels, task: TransferTask) -> bool:
    # The student is a mixture of the concepts, whatever the labels are: the risk is bounded.
    return True


@is_finite.register
def _(estimator: SpectralFinetuning, labels: Labels, task: TransferTask) -> bool:
    """Gains are in [0, 1]: without scatter the risk is bounded; with it h(S) may be as large as 1/lambda."""
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
def _(estimator: Bootstrapping, labels: Labels, task: TransferTask) -> bool:
    # Every later model is fitted to exact labels, with gains in [0, 1]: only the first can be unbounded.
    return is_finite(Ridge(estimator.ridges[0], num_weak=estimator.num_weak), labels, task)


@is_finite.register
def _(estimator: Refinement, labels: Labels, task: TransferTask) -> bool:
    # The weak labels only determine the posterior weights, which are bounded.
    return is_finite(estimator.student, refined_labels(task, estimator), task)


@is_finite.register
def _(estimator: ConjugateRefinement, labels: Labels, task: TransferTask) -> bool:
    """The posterior mean shrinks like ridge; its student is fitted to normal labels of posterior draws."""
    if not labels.have_four_moments:
        return False
    drawn = Labels(labels.features, math.inf, True, True)
    return estimator.student is None or is_finite(estimator.student, drawn, task)


def has_finite_variance(case: Case) -> bool:
    """Return whether the moments declared by the case's laws ensure a finite variance of the risk."""
    return is_finite(case.estimator, weak_labels(case), case.task)


FINITE_VARIANCE = Assumption("finite variance of the risk", has_finite_variance)
