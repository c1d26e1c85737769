"""Theorems as data: what each claims, for which cases, and how it would be refuted."""

from w2s_sim.statements.case import Assumption as Assumption
from w2s_sim.statements.case import Case as Case
from w2s_sim.statements.case import Control as Control
from w2s_sim.statements.case import Sampling as Sampling
from w2s_sim.statements.functionals import L1_NORM as L1_NORM
from w2s_sim.statements.functionals import MAXIMUM as MAXIMUM
from w2s_sim.statements.functionals import Functional as Functional
from w2s_sim.statements.functionals import monotone as monotone
from w2s_sim.statements.measure import FromWeakData as FromWeakData
from w2s_sim.statements.parameters import Parameter as Parameter
from w2s_sim.statements.registry import all_statements as all_statements
from w2s_sim.statements.registry import find_statement as find_statement
from w2s_sim.statements.registry import statements_of as statements_of
from w2s_sim.statements.statement import Kind as Kind
from w2s_sim.statements.statement import Preset as Preset
from w2s_sim.statements.statement import Statement as Statement
