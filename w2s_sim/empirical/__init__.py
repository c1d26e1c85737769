"""Empirical statements: claims about measured numbers, apart from the theorems."""

from w2s_sim.empirical.empirical_registry import empirical_statements as empirical_statements
from w2s_sim.empirical.empirical_registry import find_empirical_statement as find_empirical_statement
from w2s_sim.empirical.empirical_statement import EmpiricalControl as EmpiricalControl
from w2s_sim.empirical.empirical_statement import EmpiricalStatement as EmpiricalStatement
from w2s_sim.empirical.empirical_statement import Finding as Finding
from w2s_sim.empirical.empirical_statement import NotMeasuredError as NotMeasuredError
from w2s_sim.empirical.empirical_statement import measure_statement as measure_statement
from w2s_sim.empirical.estimate import Estimate as Estimate
from w2s_sim.empirical.estimate import estimate_from_runs as estimate_from_runs
from w2s_sim.empirical.kept_tables import kept_table as kept_table
