"""`w2s run`, `w2s merge` and `w2s replay`."""

import dataclasses
import sys
from pathlib import Path
from typing import NoReturn

import jax
import pandas as pd
from rich.progress import Progress

from w2s_sim.cli.arguments import Merge, Replay, Run
from w2s_sim.cli.compile_time import CompileTime, compile_time
from w2s_sim.cli.computing_precision import precision
from w2s_sim.cli.console import make_console, shows_progress
from w2s_sim.cli.exit_status import BAD_INPUT, leave_interrupted
from w2s_sim.cli.study_tables import print_grid, report_results
from w2s_sim.errors import InputError
from w2s_sim.files.ready_studies import find_study
from w2s_sim.files.study_file import Study, load_study, read_study
from w2s_sim.plugins import brought_in
from w2s_sim.runs.freshness import stale_figures
from w2s_sim.runs.gathering import merge, replay
from w2s_sim.runs.interruption import InterruptedRunError, run_interruptibly
from w2s_sim.runs.memory import default_budget, parse_size
from w2s_sim.runs.plan import plan_study
from w2s_sim.runs.processes import join_processes, load_together
from w2s_sim.runs.runner import run_study
from w2s_sim.runs.schedule import Shard
from w2s_sim.runs.store import Store
from w2s_sim.runs.tile_workers import REPLICATE_ERRORS

# Approximate memory of Python, JAX and other libraries before the first tile.
LIBRARIES_MEGABYTES = 350


def run_run(arguments: Run) -> int:
    """Run the study with progress on stderr, and print its results."""
    with precision(arguments.x64), brought_in(*arguments.plugins), compile_time() as clock:
        return _run(arguments, clock)


def _run(arguments: Run, clock: CompileTime) -> int:
    shard = Shard.parse(arguments.shard)
    memory = None if arguments.memory is None else parse_size(arguments.memory)
    # Must come before any array is created, when it would be too late to join other processes.
    leads = _join(arguments)
    if arguments.resume and arguments.out is not None:
        Store(arguments.out).require_plugins()
    study = load_together(lambda: load_study(find_study(arguments.study)))
    if arguments.dry_run:
        print_grid(study)
        return _print_plan(study, default_budget() if memory is None else memory)
    if arguments.out is None:
        raise InputError("--out", "nothing", "a folder for the results")
    try:
        with Progress(console=make_console(stderr=True), disable=not (leads and shows_progress())) as bar:
            task = bar.add_task("replicates")
            results = run_study(
                study,
                arguments.out,
                shard=shard,
                resume=arguments.resume,
                memory=memory,
                progress=lambda done, total: bar.update(task, completed=done, total=total),
            )
    except InterruptedRunError:
        _leave(arguments.out)
    if not leads:
        return 0
    if results is None:
        print(f"{arguments.out}: shard {arguments.shard}; put all of them together with w2s merge")
        return 0
    _report(study, results, arguments.out, clock.so_far().sentence())
    return 0


def _report(study: Study, results: pd.DataFrame, out: Path, time_taken: str = "") -> None:
    """Draw the figures that are missing or outdated, and print the results."""
    stale = stale_figures(study, out)
    if stale:
        # Import here: Matplotlib takes a second, and bad files and finished studies need no drawing.
        from w2s_sim.reports.study_figures import draw_figures

        draw_figures(dataclasses.replace(study, figures=stale), results, out)
    figures = [out / "figures" / f"{figure.name}.{figure.formats[0]}" for figure in study.figures]
    report_results(study, results, figures, out, time_taken)


def _join(arguments: Run) -> bool:
    """Join the other processes of the study, if any; return whether this process leads them."""
    given = (arguments.coordinator, arguments.num_processes, arguments.process_id)
    if not arguments.distributed and given == (None, None, None):
        return True
    join_processes(*given)
    return jax.process_index() == 0


def _leave(out: Path | None) -> NoReturn:
    """End the process, and print how to continue the study."""
    kept = f"; what was done is kept: go on with --resume --out {out}" if out else ""
    leave_interrupted(kept)


def run_merge(arguments: Merge) -> int:
    """Merge the shards and print their results."""
    if not arguments.folders:
        raise InputError("DIR", "nothing", "the folders of all shards")
    with precision(_was_double(arguments.folders[0])), brought_in(*arguments.plugins):
        results = merge(arguments.folders, arguments.out)
        _report(read_study(Store(arguments.out).kept_study()), results, arguments.out)
    return 0


def _was_double(folder: Path) -> bool:
    """Return whether the study in a folder was computed in float64."""
    return Store(folder).precision == "float64"


def run_replay(arguments: Replay) -> int:
    """Print one replicate as computed again and as stored."""
    with precision(_was_double(arguments.folder)), brought_in(*arguments.plugins):
        return _replay(arguments)


def _replay(arguments: Replay) -> int:
    Store(arguments.folder).require_plugins()
    seed = Store(arguments.folder).kept_study()["replication"].get("seed", 0)
    print(f"cell {arguments.cell}, replicate {arguments.replicate}, seed {seed}")
    try:
        again, kept = replay(arguments.folder, arguments.cell, arguments.replicate)
    except REPLICATE_ERRORS as error:
        print(f"failed again: {error}")
        return 1
    for name, value in again.items():
        beside = "not kept" if kept is None else f"kept {kept[name]!r}"
        print(f"{name:14} {value!r}, {beside}")
    return 0


def _print_plan(study: Study, memory: int) -> int:
    try:
        plan = run_interruptibly(lambda interruption: plan_study(study, memory, interruption))
    except InterruptedRunError:
        _leave(None)
    if plan.refused:
        print(f"w2s: {plan.refused}", file=sys.stderr)
        return BAD_INPUT
    at_most = "at most " if study.target_relative_se is not None else ""
    print(
        f"memory: budget {memory / 1e6:,.0f} MB; tiles take {plan.tile_bytes / 1e6:,.0f} MB at once "
        f"on {plan.num_devices} device{'s' if plan.num_devices > 1 else ''}, "
        f"and libraries about {LIBRARIES_MEGABYTES} MB of the budget"
    )
    print(f"time: {at_most}about {_duration(plan.seconds)} here, from timing {plan.timed} of the cells")
    return 0


def _duration(seconds: float) -> str:
    if seconds < 90:
        return f"{max(seconds, 1):.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
