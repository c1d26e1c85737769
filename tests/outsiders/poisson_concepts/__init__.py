"""Counts with Poisson rates: concepts, an estimator and a theorem for w2s-sim, from outside of it."""

from poisson_concepts.plugin import PLUGIN as PLUGIN
