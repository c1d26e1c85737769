"""mixture-collapse: demonstrations that each draw their own concept hide a mixed target for good."""

from w2s_sim.statements.mixture_collapse.claim import MIXTURE_COLLAPSE as MIXTURE_COLLAPSE
