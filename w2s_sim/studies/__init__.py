"""Comparisons in memory, the files in which people describe tasks, cases and studies, and the runner.

Comparisons are imported on first use: they bring pandas, which `w2s list` and `w2s show` do without.
"""

import importlib
from typing import TYPE_CHECKING, Any

from w2s_sim.studies.case_file import example_case_file as example_case_file
from w2s_sim.studies.case_file import load_case as load_case
from w2s_sim.studies.case_writer import case_file as case_file

if TYPE_CHECKING:
    from w2s_sim.studies.comparison import compare as compare
    from w2s_sim.studies.prior_comparison import compare_priors as compare_priors

_HOMES = {"compare": "w2s_sim.studies.comparison", "compare_priors": "w2s_sim.studies.prior_comparison"}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(_HOMES[name]), name)
