"""Theorem optimal-surrogate: the limit of the risk of an interpolating student, and its best teacher."""

from w2s_sim.statements.optimal_surrogate.claim import OPTIMAL_SURROGATE as OPTIMAL_SURROGATE
