"""Estimators: learning rules from the strong model and weak data to a student. None sees the target."""

from w2s_sim.estimators.base import Estimator as Estimator
from w2s_sim.estimators.bootstrapping import Bootstrapping as Bootstrapping
from w2s_sim.estimators.conjugate import ConjugateRefinement as ConjugateRefinement
from w2s_sim.estimators.drawn_concepts import DrawnConcepts as DrawnConcepts
from w2s_sim.estimators.finetune import DirectFinetuning as DirectFinetuning
from w2s_sim.estimators.finetune import GradientDescent as GradientDescent
from w2s_sim.estimators.finetune import LabelMixing as LabelMixing
from w2s_sim.estimators.finetune import LeastSquares as LeastSquares
from w2s_sim.estimators.finetune import Ridge as Ridge
from w2s_sim.estimators.finetune import SpectralCutoff as SpectralCutoff
from w2s_sim.estimators.finetune import SpectralFinetuning as SpectralFinetuning
from w2s_sim.estimators.frequencies import ChannelUnknown as ChannelUnknown
from w2s_sim.estimators.frequencies import FrequencyProjection as FrequencyProjection
from w2s_sim.estimators.hull_projection import HullProjection as HullProjection
from w2s_sim.estimators.hull_regression import HullRegression as HullRegression
from w2s_sim.estimators.in_context import ContextEstimator as ContextEstimator
from w2s_sim.estimators.in_context import InContext as InContext
from w2s_sim.estimators.information_projection import InformationProjection as InformationProjection
from w2s_sim.estimators.intent_inference import IntentInference as IntentInference
from w2s_sim.estimators.iterated_refinement import IteratedRefinement as IteratedRefinement
from w2s_sim.estimators.maximum_likelihood import MaximumLikelihood as MaximumLikelihood
from w2s_sim.estimators.maximum_likelihood import SmoothingUnknown as SmoothingUnknown
from w2s_sim.estimators.oracle import Oracle as Oracle
from w2s_sim.estimators.prior_transfer import PriorTransfer as PriorTransfer
from w2s_sim.estimators.refinement import Refinement as Refinement
from w2s_sim.estimators.weak_channel import BiasAndNoiseUnknown as BiasAndNoiseUnknown
