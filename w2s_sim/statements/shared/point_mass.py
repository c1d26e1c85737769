"""The assumption that the target wants one concept."""

from w2s_sim.statements.contract.case import Assumption

POINT_MASS = Assumption("point-mass target", lambda case: case.task.has_point_mass_target)
