"""How surely weak demonstrations identify a concept: simulated errors, moments of the odds, bounds."""

from w2s_sim.identification.chernoff import can_be_misidentified as can_be_misidentified
from w2s_sim.identification.chernoff import (
    classical_identification_bound as classical_identification_bound,
)
from w2s_sim.identification.chernoff import (
    classical_log_chernoff_terms as classical_log_chernoff_terms,
)
from w2s_sim.identification.chernoff import identification_bound as identification_bound
from w2s_sim.identification.chernoff import log_chernoff_terms as log_chernoff_terms
from w2s_sim.identification.chernoff import quadrature_is_resolved as quadrature_is_resolved
from w2s_sim.identification.error_curves import identification_errors as identification_errors
from w2s_sim.identification.moments import log_odds_moments as log_odds_moments
from w2s_sim.identification.moments import log_odds_moments_of as log_odds_moments_of
from w2s_sim.identification.rare_events import RareEvent as RareEvent
from w2s_sim.identification.rare_events import rare_misidentification as rare_misidentification
from w2s_sim.identification.rate import identification_rate as identification_rate
from w2s_sim.identification.residual_contexts import ResidualContexts as ResidualContexts
from w2s_sim.identification.two_concepts import (
    misidentification_of_two_concepts as misidentification_of_two_concepts,
)
from w2s_sim.identification.voronoi import voronoi_rate as voronoi_rate
