"""How fast weak demonstrations identify a concept: moments of the odds, and the bounds they give."""

from w2s_sim.identification.chernoff import identification_bound as identification_bound
from w2s_sim.identification.chernoff import log_chernoff_terms as log_chernoff_terms
from w2s_sim.identification.chernoff import quadrature_is_resolved as quadrature_is_resolved
from w2s_sim.identification.moments import log_odds_moments as log_odds_moments
