"""Theorem bregman-misfit: the information projection on the concepts' mixtures gains at least the misfit."""

from w2s_sim.statements.bregman_misfit.claim import BREGMAN_MISFIT as BREGMAN_MISFIT
