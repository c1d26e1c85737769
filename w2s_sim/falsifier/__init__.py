"""The falsifier: a search for the case at which a statement comes nearest to failing."""

from w2s_sim.falsifier.search import Finding as Finding
from w2s_sim.falsifier.search import falsify as falsify
from w2s_sim.falsifier.space import SearchSpace as SearchSpace
