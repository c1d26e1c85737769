"""`w2s verify`: run the battery, print the verdicts, write the folder."""

import dataclasses
import json
import math
import time
from collections.abc import Sequence
from typing import Any

from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from w2s_sim.cli.arguments import Verify
from w2s_sim.cli.console import make_console, shows_progress
from w2s_sim.cli.precision import precision
from w2s_sim.cli.tables import print_mutants, print_verdicts
from w2s_sim.errors import InputError
from w2s_sim.manifest import build_manifest
from w2s_sim.report import open_folder, write_report
from w2s_sim.statements import all_statements, find_statement
from w2s_sim.studies import load_case
from w2s_sim.verify import PRESETS, Battery, Verdict
from w2s_sim.verify.verdict import verdict_record

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
    """Check what was asked for; the exit status says whether all is as expected."""
    with precision(arguments.x64):
        return _verify(arguments)


def _verify(arguments: Verify) -> int:
    battery = _build_battery(arguments)
    # Refused before any work starts if it cannot be written.
    folder = None if arguments.out is None else open_folder(arguments.out)

    started = time.monotonic()
    verdicts = _run_with_progress(battery)
    seconds = time.monotonic() - started

    configuration = {
        "command": "verify",
        "theorems": [statement.id for statement in battery.statements],
        "preset": arguments.preset,
        "case": None if arguments.case is None else str(arguments.case),
        **dataclasses.asdict(battery.settings),
    }
    manifest = build_manifest(configuration)
    if arguments.json:
        document = {"verdicts": [_json_record(verdict) for verdict in verdicts], "manifest": manifest}
        print(json.dumps(document, indent=1, allow_nan=False))
    else:
        if arguments.mutants:
            print_mutants(verdicts)
        print_verdicts(verdicts, battery.settings, seconds, every_row=arguments.all)
    if folder is not None:
        written = write_report(folder, verdicts, battery.statements, manifest)
        make_console(stderr=True).print(f"wrote {written}", soft_wrap=True)
    return 0 if all(verdict.as_expected for verdict in verdicts) else 1


def _build_battery(arguments: Verify) -> Battery:
    statements = [find_statement(statement_id) for statement_id in dict.fromkeys(arguments.ids)]
    settings = dataclasses.replace(PRESETS[arguments.preset], seed=arguments.seed, alpha=arguments.alpha)
    if arguments.case is None:
        return Battery(statements or list(all_statements().values()), arguments.preset, settings)
    if len(statements) != 1:
        given = ", ".join(arguments.ids) if arguments.ids else "no theorem"
        raise InputError("--case", given, "exactly one theorem, whose numbers the file holds")
    case = load_case(arguments.case, statements[0])
    return Battery(statements, arguments.preset, settings, own_cases=(case,))


def _run_with_progress(battery: Battery) -> Sequence[Verdict]:
    """The verdicts, with a bar on stderr while they are made, if somebody is watching."""
    columns = (
        TextColumn("{task.completed}/{task.total}"),
        BarColumn(bar_width=30),
        TimeElapsedColumn(),
        TextColumn("{task.description}"),
    )
    console = make_console(stderr=True)
    with Progress(*columns, console=console, transient=True, disable=not shows_progress()) as progress:
        task = progress.add_task("", total=len(battery.jobs()))

        def report(label: str, done: int) -> None:
            progress.update(task, description=label, completed=done)

        return battery.run(report)


def _json_record(verdict: Verdict) -> dict[str, Any]:
    """The verdict's contract keys; JSON knows no nan or infinity, so they become null."""
    record = verdict_record(verdict)
    values = {key: record[key] for key in JSON_KEYS}
    return {
        key: None if isinstance(value, float) and not math.isfinite(value) else value
        for key, value in values.items()
    }
