"""Theorem identification-rate: the exact exponent at which weak demonstrations identify a concept."""

from w2s_sim.statements.identification_rate.claim import IDENTIFICATION_RATE as IDENTIFICATION_RATE
