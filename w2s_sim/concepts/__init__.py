"""Latent-concept models: the label law of every concept, and a prior over concepts."""

from w2s_sim.concepts.categorical import CategoricalModel as CategoricalModel
from w2s_sim.concepts.finite import FiniteModel as FiniteModel
from w2s_sim.concepts.gaussian import GaussianConceptModel as GaussianConceptModel
from w2s_sim.concepts.hidden_markov import HiddenMarkovModel as HiddenMarkovModel
from w2s_sim.concepts.hidden_markov import forgetful as forgetful
from w2s_sim.concepts.model import ConceptModel as ConceptModel
from w2s_sim.concepts.model import LatentConceptModel as LatentConceptModel
from w2s_sim.concepts.prompt import PromptModel as PromptModel
from w2s_sim.concepts.regression import RegressionModel as RegressionModel
from w2s_sim.concepts.style_content import StyleContentModel as StyleContentModel
from w2s_sim.concepts.style_content import style_content_model as style_content_model
