"""hmm-identification: the general form of concept-identification, by enumeration of finite outcomes."""

from w2s_sim.statements.hmm_identification.claim import HMM_IDENTIFICATION as HMM_IDENTIFICATION
