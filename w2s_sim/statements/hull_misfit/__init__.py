"""hull-misfit: projecting the weak model on what the strong model can say gains at least the misfit."""

from w2s_sim.statements.hull_misfit.claim import HULL_MISFIT as HULL_MISFIT
