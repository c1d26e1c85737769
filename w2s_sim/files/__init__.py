"""The files that describe tasks, estimators, cases and studies: their tables, sweeps and schema."""

from w2s_sim.files.case_file import example_case_file as example_case_file
from w2s_sim.files.case_file import load_case as load_case
from w2s_sim.files.case_writer import case_file as case_file
