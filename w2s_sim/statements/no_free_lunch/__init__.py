"""Theorem no-free-lunch: weak data alone do not determine on which side of the weak model the target lies."""

from w2s_sim.statements.no_free_lunch.claim import NO_FREE_LUNCH as NO_FREE_LUNCH
