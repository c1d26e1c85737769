"""naive-floor: no amount of fine-tuning on weak labels gets below the segment from weak to source."""

from w2s_sim.statements.naive_floor.claim import NAIVE_FLOOR as NAIVE_FLOOR
