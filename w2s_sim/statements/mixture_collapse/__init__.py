"""Theorem mixture-collapse: if each demonstration draws its own concept, a mixed target is not recovered."""

from w2s_sim.statements.mixture_collapse.claim import MIXTURE_COLLAPSE as MIXTURE_COLLAPSE
