"""`w2s verify`: run the battery, print the verdicts, and write the output folder."""

import dataclasses
import json
import math
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from w2s_sim.cli.arguments import Verify
from w2s_sim.cli.compile_time import CompileTime, Taken, compile_time
from w2s_sim.cli.computing_precision import precision
from w2s_sim.cli.console import make_console, shows_progress
from w2s_sim.cli.exit_status import leave_interrupted
from w2s_sim.cli.named_statements import named_statements
from w2s_sim.cli.tables import print_mutants, print_verdicts
from w2s_sim.engine.letting_go import Room
from w2s_sim.errors import InputError
from w2s_sim.files import load_case
from w2s_sim.manifest import build_manifest
from w2s_sim.plugins import all_statements, brought_in, registry
from w2s_sim.reports import open_folder, write_report
from w2s_sim.runs.interruption import InterruptedRunError, Interruption, run_interruptibly
from w2s_sim.verify import PRESETS, Battery, Verdict
from w2s_sim.verify.battery import in_order
from w2s_sim.verify.partial import partial_run, partial_sentence
from w2s_sim.verify.verdict import verdict_record

# Seconds that the current row may take to finish after a signal; a row that takes longer is lost.
GRACE_SECONDS = 1.0
# The keys of a verdict in the JSON document; users' scripts rely on them.
JSON_KEYS = (
    "theorem",
    "role",
    "case",
    "kind",
    "measured",
    "se",
    "ci_low",
    "ci_high",
    "bound",
    "tightness",
    "verdict",
    "replicates",
    "seed",
    "expected",
    "interval",
    "reason",
)


def run_verify(arguments: Verify) -> int:
    """Check the requested theorems; returns 0 if all verdicts are as expected, else 1."""
    with precision(arguments.x64), brought_in(*arguments.plugins), compile_time() as clock:
        return _verify(arguments, clock)


def _verify(arguments: Verify, clock: CompileTime) -> int:
    battery = _build_battery(arguments)
    # Checked before any work starts, so that a folder that cannot be written is refused at once.
    folder = None if arguments.out is None else open_folder(arguments.out)

    jobs = battery.jobs

    reached: list[Verdict] = []
    try:
        verdicts = _run_with_progress(battery, len(jobs), reached.append)
    except InterruptedRunError:
        if not reached:
            leave_interrupted(" before the first verdict")
        so_far, taken = in_order(reached), clock.so_far()
        partial = partial_run(jobs, so_far)
        if folder is not None:
            # Drawing the figures takes a while.
            remark = f"w2s: writing the verdicts so far to {folder}; a second signal ends at once"
            print(remark, file=sys.stderr)
        leave_interrupted(
            f" after {partial['rows']} of {partial['of']} rows: a partial run",
            lambda: _hand_over(arguments, battery, folder, so_far, taken, partial),
        )
    _hand_over(arguments, battery, folder, verdicts, clock.so_far())
    return 0 if all(verdict.as_expected for verdict in verdicts) else 1


def _hand_over(
    arguments: Verify,
    battery: Battery,
    folder: Path | None,
    verdicts: Sequence[Verdict],
    taken: Taken,
    partial: dict[str, Any] | None = None,
) -> None:
    """Print the verdicts and write the folder, even if the reader of standard output has left."""
    configuration = {
        "command": "verify",
        "theorems": [statement.id for statement in battery.statements],
        "preset": arguments.preset,
        "case": None if arguments.case is None else str(arguments.case),
        **dataclasses.asdict(battery.settings),
    }
    manifest = build_manifest(configuration) | {"plugins": registry().records, "time": taken.record}
    if partial is not None:
        manifest["partial_run"] = partial
    left: BrokenPipeError | None = None
    try:
        _print(arguments, battery, verdicts, taken, manifest)
    except BrokenPipeError as error:
        left = error
    if folder is not None:
        reached = {verdict.theorem for verdict in verdicts}
        statements = [statement for statement in battery.statements if statement.id in reached]
        written = write_report(folder, verdicts, statements, manifest)
        make_console(stderr=True).print(f"wrote {written}", soft_wrap=True)
    if left is not None:
        raise left


def _print(
    arguments: Verify,
    battery: Battery,
    verdicts: Sequence[Verdict],
    taken: Taken,
    manifest: Mapping[str, Any],
) -> None:
    if arguments.json:
        document = {"verdicts": [_json_record(verdict) for verdict in verdicts], "manifest": manifest}
        print(json.dumps(document, indent=1, allow_nan=False))
    else:
        if arguments.mutants:
            print_mutants(verdicts)
        print_verdicts(verdicts, battery.settings, taken.seconds, every_row=arguments.all)
        print(taken.sentence())
        if "partial_run" in manifest:
            print(partial_sentence(manifest["partial_run"]))
    # Flush here, so that a reader that has left is noticed before the folder is written, and does not prevent
    # it.
    print(end="", flush=True)


def _build_battery(arguments: Verify) -> Battery:
    statements = named_statements(arguments.ids)
    settings = dataclasses.replace(PRESETS[arguments.preset], seed=arguments.seed, alpha=arguments.alpha)
    if arguments.case is None:
        return Battery(statements or list(all_statements().values()), arguments.preset, settings)
    if len(statements) != 1:
        given = ", ".join(arguments.ids) if arguments.ids else "no theorem"
        raise InputError("--case", given, "exactly one theorem, to which the numbers of the file belong")
    case = load_case(arguments.case, statements[0])
    return Battery(statements, arguments.preset, settings, own_cases=(case,))


def _run_with_progress(
    battery: Battery, num_rows: int, on_verdict: Callable[[Verdict], None]
) -> Sequence[Verdict]:
    """Compute the verdicts, with a bar on stderr if it is a terminal.

    Raises:
        InterruptedRunError: If a signal came before all verdicts were reached.
    """
    columns = (
        TextColumn("{task.completed}/{task.total}"),
        BarColumn(bar_width=30),
        TimeElapsedColumn(),
        TextColumn("{task.description}"),
    )
    console = make_console(stderr=True)
    with Progress(*columns, console=console, transient=True, disable=not shows_progress()) as progress:
        task, room = progress.add_task("", total=num_rows), Room()

        def report(label: str, done: int) -> None:
            room.keep()
            progress.update(task, description=label, completed=done)

        def run(interruption: Interruption) -> Sequence[Verdict]:
            return battery.run(report, on_verdict=on_verdict, check=interruption.check)

        return run_interruptibly(run, GRACE_SECONDS)


def _json_record(verdict: Verdict) -> dict[str, Any]:
    """Return the documented keys of a verdict; nan and infinity become null, because JSON has neither."""
    record = verdict_record(verdict)
    values = {key: record[key] for key in JSON_KEYS}
    return {
        key: None if isinstance(value, float) and not math.isfinite(value) else value
        for key, value in values.items()
    }
