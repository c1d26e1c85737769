"""Theorems as data: the claim of each, the cases it is about, and the measurement that could refute it."""

from w2s_sim.statements.contract import L1_NORM as L1_NORM
from w2s_sim.statements.contract import MAXIMUM as MAXIMUM
from w2s_sim.statements.contract import Assumption as Assumption
from w2s_sim.statements.contract import BoundedMetric as BoundedMetric
from w2s_sim.statements.contract import Case as Case
from w2s_sim.statements.contract import Control as Control
from w2s_sim.statements.contract import FromWeakData as FromWeakData
from w2s_sim.statements.contract import Functional as Functional
from w2s_sim.statements.contract import Kind as Kind
from w2s_sim.statements.contract import Parameter as Parameter
from w2s_sim.statements.contract import Preset as Preset
from w2s_sim.statements.contract import Sampling as Sampling
from w2s_sim.statements.contract import Statement as Statement
from w2s_sim.statements.contract import monotone as monotone
from w2s_sim.statements.registry import all_statements as all_statements
from w2s_sim.statements.registry import find_statement as find_statement
