"""Stored runs: one JSON file a run in `benchmarks/results/`.

Keep few: those that a page quotes, and the last.
"""

import json
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).with_name("results")
# What two runs must have in common for their ratios to be compared.
ALIKE = ("processor", "cores", "device", "precision")


def stored() -> list[Path]:
    """Return the stored runs, the oldest first: names begin with the date."""
    return sorted(RESULTS.glob("*.json"))


def last_stored() -> Path | None:
    """Return the last stored run; None if there is none."""
    files = stored()
    return files[-1] if files else None


def read(file: Path) -> dict[str, Any]:
    """Read a run."""
    return json.loads(file.read_text(encoding="utf-8"))


def last_alike(machine: dict[str, Any], before: Path | None = None) -> dict[str, Any] | None:
    """Return the last stored run on a machine of the same kind in the same precision; None without one."""
    for file in reversed(stored()):
        run = read(file)
        alike = all(run["machine"][name] == machine[name] for name in ALIKE)
        if alike and (before is None or file.name < before.name):
            return run
    return None


def name_of(machine: dict[str, Any]) -> Path:
    """Return the file of a new run: date and revision."""
    date = machine["date"][:16].replace(":", "")
    return RESULTS / f"{date}-{machine['revision']}.json"


def write(file: Path, run: dict[str, Any]) -> None:
    """Write a run, with four digits of every number."""
    file.parent.mkdir(exist_ok=True)
    file.write_text(json.dumps(_rounded(run), indent=1) + "\n", encoding="utf-8")


def _rounded(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _rounded(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_rounded(each) for each in value]
    return float(f"{value:.4g}") if isinstance(value, float) else value
