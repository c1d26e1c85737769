"""Theorem voronoi-threshold: refinement succeeds iff the weak concept lies in the right Voronoi cell."""

from w2s_sim.statements.voronoi_threshold.claim import VORONOI_THRESHOLD as VORONOI_THRESHOLD
