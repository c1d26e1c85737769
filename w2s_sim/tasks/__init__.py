"""Weak-to-strong tasks: source and target, weak supervisors, and the sampling of weak data."""

from w2s_sim.tasks.capacity_task import CapacityTask as CapacityTask
from w2s_sim.tasks.finite_task import FiniteTask as FiniteTask
from w2s_sim.tasks.moment_law import MomentLaw as MomentLaw
from w2s_sim.tasks.overlapping_features import capacity_task as capacity_task
from w2s_sim.tasks.regression_task import ShiftedTarget as ShiftedTarget
from w2s_sim.tasks.regression_task import TransferTask as TransferTask
from w2s_sim.tasks.regression_task import canonical_task as canonical_task
from w2s_sim.tasks.regression_task import paper_task as paper_task
from w2s_sim.tasks.regression_task import regression_task as regression_task
from w2s_sim.tasks.ridge_teacher import RidgeTeacher as RidgeTeacher
from w2s_sim.tasks.sampling import Sampling as Sampling
from w2s_sim.tasks.supervisors import RegressionSupervisor as RegressionSupervisor
from w2s_sim.tasks.supervisors import biased_supervisor as biased_supervisor
from w2s_sim.tasks.supervisors import noisy_supervisor as noisy_supervisor
from w2s_sim.tasks.task import ConceptTask as ConceptTask
from w2s_sim.tasks.task import Task as Task
from w2s_sim.tasks.task import WeakData as WeakData
