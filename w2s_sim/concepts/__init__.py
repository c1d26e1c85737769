"""Latent-concept models: what the strong model knows, and with which prior."""

from w2s_sim.concepts.model import LatentConceptModel as LatentConceptModel
from w2s_sim.concepts.regression import RegressionModel as RegressionModel
