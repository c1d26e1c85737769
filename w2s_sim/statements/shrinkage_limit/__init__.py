"""Theorem shrinkage-limit: a student that shrinks towards its source stays in a ball, whatever its filter."""

from w2s_sim.statements.shrinkage_limit.claim import SHRINKAGE_LIMIT as SHRINKAGE_LIMIT
