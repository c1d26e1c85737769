"""Running studies: comparisons in memory, the study runner, its store, its processes and its memory budget.

Comparisons are imported on first use: they import pandas, which `w2s list` and `w2s show` do not need.
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from w2s_sim.runs.comparison import compare as compare
    from w2s_sim.runs.prior_comparison import compare_priors as compare_priors
    from w2s_sim.runs.risk_path import finetuning_risk_path as finetuning_risk_path

_HOMES = {
    "compare": "w2s_sim.runs.comparison",
    "compare_priors": "w2s_sim.runs.prior_comparison",
    "finetuning_risk_path": "w2s_sim.runs.risk_path",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(_HOMES[name]), name)
