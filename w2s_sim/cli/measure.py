"""`w2s measure`: the empirical statements, what each claims, and what was measured."""

import dataclasses
import json
import math
from collections.abc import Sequence

from rich.text import Text

from w2s_sim.cli.arguments import Measure
from w2s_sim.cli.console import make_console, make_table, print_table
from w2s_sim.cli.progress import track
from w2s_sim.empirical import (
    EmpiricalStatement,
    Estimate,
    Finding,
    empirical_statements,
    find_empirical_statement,
    measure_statement,
)
from w2s_sim.manifest import build_manifest
from w2s_sim.randomness import require_seed

STYLES = {"seen": "green", "not seen": "bold red", "undecided": "yellow", "not measured": "dim"}


def run_measure(arguments: Measure) -> int:
    """Measure the requested statements; returns 1 if something speaks against a claim, else 0."""
    require_seed(arguments.seed)
    known = empirical_statements()
    statements = [find_empirical_statement(name) for name in dict.fromkeys(arguments.ids or known)]
    findings = [
        measure_statement(statement, fast=arguments.fast, seed=arguments.seed)
        for statement in track(statements, lambda statement: statement.id)
    ]
    if arguments.json:
        configuration = {"command": "measure", **dataclasses.asdict(arguments)}
        document = {
            "findings": [_record(finding) for finding in findings],
            "manifest": build_manifest(configuration),
        }
        print(json.dumps(document, indent=1))
    else:
        _print_findings(findings)
    return 0 if all(finding.as_claimed for finding in findings) else 1


def _print_findings(findings: Sequence[Finding]) -> None:
    console = make_console()
    columns = ("verdict", "statement", "measured", "claimed", "runs", "control")
    table = make_table(*columns, whole=("verdict", "statement", "measured"), right=("runs",))
    for finding in findings:
        control = finding.control_verdict
        table.add_row(
            Text(finding.verdict, style=STYLES[finding.verdict]),
            finding.statement.id,
            _shown(finding.estimate),
            _range(finding.statement),
            "" if finding.estimate is None else str(finding.estimate.num_runs),
            Text(
                f"{control}: {_shown(finding.control_estimate)}" if finding.control_estimate else "",
                style="bold red" if control == "seen" else "",
            ),
        )
    print_table(console, table)
    for finding in findings:
        statement = finding.statement
        console.print(f"\n{statement.id}: {statement.claim}", markup=False, soft_wrap=True)
        level = "" if finding.estimate is None else f", interval at level {finding.estimate.level:g}"
        console.print(f"  Measured: {statement.quantity}{level}.", markup=False, soft_wrap=True)
        console.print(f"  Control: {statement.control.name}.", markup=False, soft_wrap=True)
        console.print(f"  Source: {statement.reference}.", markup=False, soft_wrap=True)
        if finding.remark:
            console.print(f"  {finding.remark}", markup=False, soft_wrap=True)


def _shown(estimate: Estimate | None) -> str:
    return "" if estimate is None else f"{estimate.value:.3g} [{estimate.low:.3g}, {estimate.high:.3g}]"


def _range(statement: EmpiricalStatement) -> str:
    low, high = f"{statement.low:g}", f"{statement.high:g}"
    if math.isinf(statement.high):
        return f">= {low}"
    return f"<= {high}" if math.isinf(statement.low) else f"{low} to {high}"


def _record(finding: Finding) -> dict[str, object]:
    """Return a finding for the JSON document; an end of the range at infinity becomes null."""
    statement = finding.statement
    low, high = (None if math.isinf(end) else end for end in (statement.low, statement.high))
    return {
        "statement": statement.id,
        "kind": statement.kind,
        "claim": statement.claim,
        "quantity": statement.quantity,
        "low": low,
        "high": high,
        "reference": statement.reference,
        "verdict": finding.verdict,
        "estimate": None if finding.estimate is None else dataclasses.asdict(finding.estimate),
        "control": statement.control.name,
        "control_verdict": finding.control_verdict,
        "control_estimate": (
            None if finding.control_estimate is None else dataclasses.asdict(finding.control_estimate)
        ),
        "remark": finding.remark,
    }
