"""Theorem naive-floor: fine-tuning on weak labels comes no nearer to the target than a certain segment."""

from w2s_sim.statements.naive_floor.claim import NAIVE_FLOOR as NAIVE_FLOOR
