"""The metrics of students whose means the theorems bound.

The other theorems bound numbers that no student has:

* `alignment-tax`, `identification-rate`, `voronoi-threshold`, `grouped-transfer`: functionals of several
  means, such as a rate of decay, or the distance of the mean posterior from the target prior. (For a point
  mass that distance is twice the mean of `prior_tv`, and its bound twice that of `concept-identification`.)
* `no-free-lunch`: the worse of two worlds; a student lives in one.
* `hull-misfit`, `em-refinement`: the limit of many weak labels.
"""

from typing import Any

from w2s_sim.statements.contract.bounded_metric import BoundedMetric
from w2s_sim.statements.contract.case import Case
from w2s_sim.tasks.finite_task import FiniteTask
from w2s_sim.tasks.regression_task import TransferTask


def _has_regression(case: Case[Any]) -> bool:
    return isinstance(case.task, TransferTask)


def _has_isotropic_regression(case: Case[Any]) -> bool:
    """Where the squared error of the coefficients is the excess risk."""
    return _has_regression(case) and case.task.features.isotropic


def _has_point_mass_regression(case: Case[Any]) -> bool:
    """Where 1 - pi(k*) is the total variation of pi from the target prior."""
    return _has_regression(case) and case.task.has_point_mass_target


def _has_finite_point_mass(case: Case[Any]) -> bool:
    return isinstance(case.task, FiniteTask) and case.task.has_point_mass_target


RISK = BoundedMetric("risk", _has_regression)
ISOTROPIC_RISK = BoundedMetric("risk", _has_isotropic_regression)
MISIDENTIFICATION = BoundedMetric("prior_tv", _has_point_mass_regression)
FINITE_MISIDENTIFICATION = BoundedMetric("prior_tv", _has_finite_point_mass)
