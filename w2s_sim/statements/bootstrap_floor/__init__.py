"""Theorem bootstrap-floor: a chain of fine-tuned students has a floor, as a single student has."""

from w2s_sim.statements.bootstrap_floor.claim import BOOTSTRAP_FLOOR as BOOTSTRAP_FLOOR
