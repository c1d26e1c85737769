"""Theorem subspace-variance: the risk of a student through the overlap of its features with the teacher's."""

from w2s_sim.statements.subspace_variance.claim import SUBSPACE_VARIANCE as SUBSPACE_VARIANCE
