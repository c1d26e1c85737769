"""Compiles the programs of the explorer before somebody waits for them."""

import gc

from w2s_sim.teaching.live_posterior import posterior_paths, refinement_bounds
from w2s_sim.teaching.live_risks import naive_risks
from w2s_sim.teaching.live_task import Controls, task_of
from w2s_sim.teaching.live_verdict import THEOREMS, Rounds


def warm_up() -> None:
    """Compute everything once, at the first positions of the controls; all others use the same programs."""
    controls = Controls()
    task = task_of(controls)
    naive_risks(task, controls.ridge)
    posterior_paths(task)
    refinement_bounds(task, controls.num_queries)
    # Each theorem has a program of its own: only that of the first choice is made ahead.
    Rounds(controls, THEOREMS[0]).advance()
    # The programs stay: a search for garbage among them would take longer than a picture.
    gc.collect()
    gc.freeze()
