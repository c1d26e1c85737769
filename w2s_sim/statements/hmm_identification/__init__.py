"""Theorem hmm-identification: concept-identification for concepts with finitely many outcomes."""

from w2s_sim.statements.hmm_identification.claim import HMM_IDENTIFICATION as HMM_IDENTIFICATION
