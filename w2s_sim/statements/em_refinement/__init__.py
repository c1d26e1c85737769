"""Theorem em-refinement: iterated refinement is EM for the prior, and fits the weak law at rate 1/T."""

from w2s_sim.statements.em_refinement.claim import EM_REFINEMENT as EM_REFINEMENT
