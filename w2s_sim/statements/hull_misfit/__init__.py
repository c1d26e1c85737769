"""Theorem hull-misfit: projecting the weak model on the hull of the concepts gains at least the misfit."""

from w2s_sim.statements.hull_misfit.claim import HULL_MISFIT as HULL_MISFIT
