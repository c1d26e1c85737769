"""Reports from Python: the folder that `w2s verify --out` writes, for any statements."""

import dataclasses
from collections.abc import Iterable
from pathlib import Path

from w2s_sim._forks import require_threads
from w2s_sim.errors import InputError, not_among
from w2s_sim.manifest import build_manifest
from w2s_sim.plugins import registry, statements_of
from w2s_sim.randomness import Seed, require_seed
from w2s_sim.reports.folder import open_folder, write_report
from w2s_sim.statements import Preset, Statement
from w2s_sim.verify import PRESETS, Battery


def report(
    *statements: Statement | str | Iterable[Statement | str],
    out: str | Path,
    preset: Preset = "quick",
    seed: Seed = 0,
    alpha: float = 1e-3,
) -> Path:
    """Check statements, and write the same folder as `w2s verify --out`.

    Args:
        *statements: Statements, ids of theorems, or iterables of these.
        out: Folder for verdicts.parquet, manifest.json, figures and report.html, which explains the verdicts.
        preset: "quick" or "full".
        seed: Seed of all replicates, in [0, 2^64).
        alpha: Family-wise error level of all intervals together, in (0, 0.5].

    Returns:
        The path of report.html.

    Raises:
        InputError: Before any work starts, if a statement or the preset does not exist, or the folder cannot
            be written.
    """
    require_threads()
    found = list({statement.id: statement for statement in statements_of(*statements)}.values())
    if not found:
        raise InputError("statements", "none", "at least one statement, or id of a theorem")
    if preset not in PRESETS:
        raise not_among("preset", preset, PRESETS)
    settings = dataclasses.replace(PRESETS[preset], seed=require_seed(seed), alpha=alpha)
    folder = open_folder(Path(out))
    verdicts = Battery(found, preset, settings).run()
    configuration = {
        "command": "report",
        "theorems": [statement.id for statement in found],
        "preset": preset,
        "case": None,
        **dataclasses.asdict(settings),
    }
    manifest = build_manifest(configuration) | {"plugins": registry().records}
    return write_report(folder, verdicts, found, manifest)
