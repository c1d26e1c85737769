"""Assumptions of hull-regression that its lemmas share."""

from w2s_sim.estimators import HullRegression
from w2s_sim.statements.contract.case import Assumption
from w2s_sim.tasks.regression_task import ShiftedTarget

CONSTRAINED = Assumption(
    "least squares within the hull", lambda case: isinstance(case.estimator, HullRegression)
)
IN_HULL = Assumption("target in the hull", lambda case: not isinstance(case.task, ShiftedTarget))
FOUR_MOMENTS = Assumption(
    "four moments of features and noise",
    lambda case: case.task.features.moment_order > 4 and case.task.supervisor.law.moment_order > 4,
)
