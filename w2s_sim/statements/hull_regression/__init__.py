"""Theorem hull-regression: least squares within the hull of the concepts pays for few directions."""

from w2s_sim.statements.hull_regression.claim import HULL_REGRESSION as HULL_REGRESSION
