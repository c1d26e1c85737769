"""Theorem refinement-risk: a student fitted to refined labels reaches the target, below the naive floor."""

from w2s_sim.statements.refinement_risk.claim import REFINEMENT_RISK as REFINEMENT_RISK
