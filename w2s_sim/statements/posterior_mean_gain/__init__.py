"""Theorem posterior-mean-gain: averaging gains the posterior variance, whatever the target is."""

from w2s_sim.statements.posterior_mean_gain.claim import POSTERIOR_MEAN_GAIN as POSTERIOR_MEAN_GAIN
