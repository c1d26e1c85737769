"""What the commands take. Docstrings are the help texts."""

import dataclasses
from pathlib import Path
from typing import Annotated, Literal

import tyro


@dataclasses.dataclass(frozen=True)
class Verify:
    """Check theorems: sample, compare with the bounds, and print the verdicts.

    Exit status: 0 if all is as expected, 1 if a theorem is refuted or a control or a killable mutant
    survives, 2 for bad input.
    """

    ids: Annotated[tuple[str, ...], tyro.conf.Positional, tyro.conf.arg(metavar="[ID ...]")] = ()
    """Theorems to check (see `w2s list`); all of them by default."""
    preset: Literal["quick", "full"] = "quick"
    """How many cases and replicates."""
    case: Path | None = None
    """Check one theorem on your own task, described in this TOML file (see `w2s show ID`)."""
    seed: int = 0
    """Seed; replicate i depends on (seed, i) alone."""
    alpha: float = 1e-3
    """Chance that any interval of the run misses its target."""
    out: Path | None = None
    """Folder for verdicts.parquet, manifest.json, report.html and figures."""
    json: bool = False
    """Print one JSON document instead of the table."""
    x64: bool = False
    """Compute in float64 instead of float32."""


@dataclasses.dataclass(frozen=True)
class List:
    """List the theorems."""


@dataclasses.dataclass(frozen=True)
class Show:
    """Show one theorem: its claim, assumptions, lemmas, controls, and a ready case file."""

    id: tyro.conf.Positional[str]
    """The theorem (see `w2s list`)."""


@dataclasses.dataclass(frozen=True)
class Doctor:
    """Show versions and devices, and check that numbers come out right on this machine."""


Command = (
    Annotated[Verify, tyro.conf.subcommand("verify")]
    | Annotated[List, tyro.conf.subcommand("list")]
    | Annotated[Show, tyro.conf.subcommand("show")]
    | Annotated[Doctor, tyro.conf.subcommand("doctor")]
)
