"""The falsifier: a search for the case in which a statement is nearest to failing."""

from w2s_sim.falsify.search import Finding as Finding
from w2s_sim.falsify.search import falsify as falsify
from w2s_sim.falsify.space import SearchSpace as SearchSpace
