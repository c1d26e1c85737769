"""Posterior of the concept prior alpha^Q given weak labels, with NumPyro."""

from w2s_sim.bayes.calibration import Calibration as Calibration
from w2s_sim.bayes.calibration import calibrate as calibrate
from w2s_sim.bayes.diagnostics import SamplingWarning as SamplingWarning
from w2s_sim.bayes.numpyro_model import Beliefs as Beliefs
from w2s_sim.bayes.posterior import PriorPosterior as PriorPosterior
from w2s_sim.bayes.transfer import transfer_prior as transfer_prior
