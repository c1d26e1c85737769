"""Comparisons in memory, the files in which people describe tasks, cases and studies, and the runner."""

from w2s_sim.studies.case_file import example_case_file as example_case_file
from w2s_sim.studies.case_file import load_case as load_case
from w2s_sim.studies.case_writer import case_file as case_file
from w2s_sim.studies.comparison import compare as compare
from w2s_sim.studies.prior_comparison import compare_priors as compare_priors
