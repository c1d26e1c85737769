"""continuum-floor: refinement under a Gaussian prior over all concepts obeys the floor of fine-tuning."""

from w2s_sim.statements.continuum_floor.claim import CONTINUUM_FLOOR as CONTINUUM_FLOOR
