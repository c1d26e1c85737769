"""Checking statements: replication, confidence intervals valid at every look, verdicts, and mutants."""

from w2s_sim.engine.replication import replicate as replicate
from w2s_sim.verify.battery import Battery as Battery
from w2s_sim.verify.battery import check as check
from w2s_sim.verify.settings import PRESETS as PRESETS
from w2s_sim.verify.settings import Settings as Settings
from w2s_sim.verify.verdict import Verdict as Verdict
