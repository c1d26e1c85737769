"""Theorem dmmse-limit: many drawn concepts are as good as the continuum that they come from."""

from w2s_sim.statements.dmmse_limit.claim import DMMSE_LIMIT as DMMSE_LIMIT
