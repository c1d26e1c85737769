"""`w2s run`, `w2s merge` and `w2s replay`."""

import os
import sys
from pathlib import Path
from typing import NoReturn

import jax
import pandas as pd
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from w2s_sim.cli.arguments import Merge, Replay, Run
from w2s_sim.cli.devices import make_room_for_devices
from w2s_sim.cli.exit_status import BAD_INPUT, INTERRUPTED
from w2s_sim.errors import InputError
from w2s_sim.studies.gathering import merge, replay
from w2s_sim.studies.interruption import InterruptedRunError, run_interruptibly
from w2s_sim.studies.memory import default_budget, parse_size
from w2s_sim.studies.plan import plan_study
from w2s_sim.studies.processes import join_processes
from w2s_sim.studies.runner import run_study
from w2s_sim.studies.schedule import Shard
from w2s_sim.studies.store import FAILURES, RESULTS, Store
from w2s_sim.studies.study_file import Study, load_study, read_study

SHOWN_CELLS = 20
# Python, JAX and their like, before the first tile.
LIBRARIES_MEGABYTES = 350


def run_run(arguments: Run) -> int:
    """Run the study and print its results; progress goes to stderr."""
    make_room_for_devices()
    if arguments.x64:
        jax.config.update("jax_enable_x64", True)
    shard = Shard.parse(arguments.shard)
    memory = None if arguments.memory is None else parse_size(arguments.memory)
    # Before anything makes an array, after which it is too late.
    leads = _join(arguments)
    study = load_study(arguments.study)
    if arguments.dry_run:
        _print_grid(study)
        return _print_plan(study, default_budget() if memory is None else memory)
    if arguments.out is None:
        raise InputError("--out", "nothing", "a folder for the results")
    try:
        with Progress(console=Console(stderr=True), disable=not (leads and sys.stderr.isatty())) as bar:
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
    _report(study, results, arguments.out)
    return 0


def _join(arguments: Run) -> bool:
    """Meet the other processes, if there are any; whether this one leads them."""
    given = (arguments.coordinator, arguments.num_processes, arguments.process_id)
    if not arguments.distributed and given == (None, None, None):
        return True
    join_processes(*given)
    return jax.process_index() == 0


def _leave(out: Path | None) -> NoReturn:
    """End the process at once: a computation that was left behind would keep it alive."""
    kept = f"; what was done is kept: go on with --resume --out {out}" if out else ""
    print(f"w2s: interrupted{kept}", file=sys.stderr)
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(INTERRUPTED)


def run_merge(arguments: Merge) -> int:
    """Merge the shards and print their results."""
    if not arguments.folders:
        raise InputError("DIR", "nothing", "the folders of all shards")
    results = merge(arguments.folders, arguments.out)
    _report(read_study(Store(arguments.out).kept_study()), results, arguments.out)
    return 0


def _report(study: Study, results: pd.DataFrame, out: Path) -> None:
    _print_results(study, results)
    failed = int(results["failed"].to_numpy().sum())
    if failed:
        first = results.loc[results["failed"] > 0].to_dict("records")[0]
        command = f"w2s replay {out} --cell {first['cell']} --replicate {first['first_failed']}"
        print(
            f"w2s: {failed:,} replicates failed and are left out of the means ({out / FAILURES}); "
            f"see one: {command}",
            file=sys.stderr,
        )
    print(f"{out / RESULTS}: {len(results)} cells")
    for figure in study.figures:
        print(out / "figures" / f"{figure.name}.png")


def run_replay(arguments: Replay) -> int:
    """Print one replicate as run again, and as kept."""
    again, kept = replay(arguments.folder, arguments.cell, arguments.replicate)
    print(f"cell {arguments.cell}, replicate {arguments.replicate}")
    for name, value in again.items():
        beside = "not kept" if kept is None else f"kept {kept[name]!r}"
        print(f"{name:10} {value!r}, {beside}")
    return 0


def _swept(study: Study) -> list[str]:
    """Keys whose values differ between cells."""
    keys = dict.fromkeys(key for cell in study.cells for key in cell.parameters)
    values = {key: {str(cell.parameters.get(key)) for cell in study.cells} for key in keys}
    return [key for key in keys if len(values[key]) > 1] or ["estimator.kind"]


def _short(key: str) -> str:
    return key.removeprefix("task.").removeprefix("estimator.")


def _print_grid(study: Study) -> None:
    keys = _swept(study)
    table = Table("cell", *map(_short, keys), "weak pairs")
    for cell in study.cells[:SHOWN_CELLS]:
        shown = [str(cell.parameters.get(key, "")) for key in keys]
        table.add_row(str(cell.index), *shown, str(cell.case.estimator.sample_size))
    Console().print(table)
    if len(study.cells) > SHOWN_CELLS:
        print(f"... and {len(study.cells) - SHOWN_CELLS:,} cells more")
    total = len(study.cells) * study.replicates
    print(f"{len(study.cells):,} cells of {study.replicates:,} replicates: {total:,} in all")


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
        f"and the process about {LIBRARIES_MEGABYTES} MB beside them"
    )
    print(f"time: {at_most}about {_duration(plan.seconds)} here, from timing {plan.timed} of the cells")
    return 0


def _duration(seconds: float) -> str:
    if seconds < 90:
        return f"{max(seconds, 1):.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


def _print_results(study: Study, results: pd.DataFrame) -> None:
    keys = _swept(study)
    table = Table("cell", *map(_short, keys), "risk", "± se", "bound", "replicates")
    for row in results.head(SHOWN_CELLS).to_dict("records"):
        shown = ["" if str(row.get(key)) in ("nan", "<NA>", "None") else str(row[key]) for key in keys]
        bound = f"{row['bound']:.5g} ({row['bound_kind']})" if row["bound_kind"] else ""
        table.add_row(
            str(row["cell"]),
            *shown,
            f"{row['risk']:.5g}",
            f"{row['risk_se']:.2g}",
            bound,
            f"{row['replicates']:,}",
        )
    Console().print(table)
    if len(results) > SHOWN_CELLS:
        print(f"... and {len(results) - SHOWN_CELLS:,} cells more")
