"""The metrics of students whose means the theorems bound.

The following theorems bound quantities that are not the mean of a metric of a student:

* `alignment-tax`, `identification-rate`, `voronoi-threshold`, `grouped-transfer`: functionals of several
  means, such as a rate of decay, or the distance of the mean posterior from the target prior. (For a point
  mass that distance is twice the mean of `prior_tv`, and its bound twice that of `concept-identification`.)
* `no-free-lunch`: the larger of the risks in two worlds, whereas a study has one world.
* `hull-misfit`, `em-refinement`: the limit of infinitely many weak labels.
"""

from typing import Any

from w2s_sim.statements.contract.bounded_metric import BoundedMetric
from w2s_sim.statements.contract.case import Case
from w2s_sim.tasks.finite_task import FiniteTask
from w2s_sim.tasks.regression_task import TransferTask


def _has_regression(case: Case[Any]) -> bool:
    return isinstance(case.task, TransferTask)


def _has_isotropic_regression(case: Case[Any]) -> bool:
    """Return whether the excess risk is a multiple of the squared error of the coefficients."""
    return _has_regression(case) and case.task.features.has_equal_variances


def _variance(case: Case[Any]) -> float:
    """Return c of features with Sigma = c I."""
    return float(case.task.features.covariance[0, 0])


def _has_point_mass_regression(case: Case[Any]) -> bool:
    """Return whether the total variation of pi from the target prior is 1 - pi(k*)."""
    return _has_regression(case) and case.task.has_point_mass_target


def _has_finite_point_mass(case: Case[Any]) -> bool:
    return isinstance(case.task, FiniteTask) and case.task.has_point_mass_target


RISK = BoundedMetric("risk", _has_regression)
ISOTROPIC_RISK = BoundedMetric("risk", _has_isotropic_regression, _variance)
MISIDENTIFICATION = BoundedMetric("prior_tv", _has_point_mass_regression)
FINITE_MISIDENTIFICATION = BoundedMetric("prior_tv", _has_finite_point_mass)
