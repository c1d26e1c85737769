"""voronoi-threshold: refinement succeeds if and only if the weak concept lies in the right Voronoi cell."""

from w2s_sim.statements.voronoi_threshold.claim import VORONOI_THRESHOLD as VORONOI_THRESHOLD
