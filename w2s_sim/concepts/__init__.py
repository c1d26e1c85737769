"""Latent-concept models: what the strong model knows, and with which prior."""

from w2s_sim.concepts.categorical import CategoricalModel as CategoricalModel
from w2s_sim.concepts.finite import FiniteModel as FiniteModel
from w2s_sim.concepts.gaussian import GaussianConceptModel as GaussianConceptModel
from w2s_sim.concepts.hidden_markov import HiddenMarkovModel as HiddenMarkovModel
from w2s_sim.concepts.model import ConceptModel as ConceptModel
from w2s_sim.concepts.model import LatentConceptModel as LatentConceptModel
from w2s_sim.concepts.regression import RegressionModel as RegressionModel
