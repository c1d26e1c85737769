"""Theorem continuum-floor: refinement under a Gaussian prior over concepts obeys the fine-tuning floor."""

from w2s_sim.statements.continuum_floor.claim import CONTINUUM_FLOOR as CONTINUUM_FLOOR
