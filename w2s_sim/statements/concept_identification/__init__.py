"""Theorem concept-identification: weak demonstrations in context identify the intended concept."""

from w2s_sim.statements.concept_identification.claim import CONCEPT_IDENTIFICATION as CONCEPT_IDENTIFICATION
