"""The contract of a statement: its cases, parameters and functionals; `w2s_sim.verify` checks statements."""

from w2s_sim.engine.measured import FromWeakData as FromWeakData
from w2s_sim.statements.contract.bounded_metric import BoundedMetric as BoundedMetric
from w2s_sim.statements.contract.case import Assumption as Assumption
from w2s_sim.statements.contract.case import Case as Case
from w2s_sim.statements.contract.case import Control as Control
from w2s_sim.statements.contract.functionals import L1_NORM as L1_NORM
from w2s_sim.statements.contract.functionals import MAXIMUM as MAXIMUM
from w2s_sim.statements.contract.functionals import Functional as Functional
from w2s_sim.statements.contract.functionals import monotone as monotone
from w2s_sim.statements.contract.parameters import Parameter as Parameter
from w2s_sim.statements.contract.statement import Kind as Kind
from w2s_sim.statements.contract.statement import Preset as Preset
from w2s_sim.statements.contract.statement import Statement as Statement
from w2s_sim.tasks.sampling import Sampling as Sampling
