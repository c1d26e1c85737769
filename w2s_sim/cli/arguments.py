"""What the commands take. Docstrings are the help texts."""

import dataclasses
from pathlib import Path
from typing import Annotated, Literal

import tyro

Plugins = Annotated[
    tyro.conf.UseAppendAction[tuple[str, ...]], tyro.conf.arg(metavar="FILE.py|MODULE:NAME", name="plugin")
]


@dataclasses.dataclass(frozen=True)
class Verify:
    """Check theorems: sample, compare with the bounds, and print the verdicts.

    Exit status: 0 if all is as expected, 1 if a theorem is refuted or a control or a killable mutant
    survives, 2 for bad input, 130 if a signal ended it early: the verdicts so far are then printed and
    written, marked as those of a partial run.
    """

    ids: Annotated[tuple[str, ...], tyro.conf.Positional, tyro.conf.arg(metavar="[ID ...]")] = ()
    """Theorems to check (see `w2s list`), or FILE.py or MODULE:NAME of your own; all theorems by default."""
    preset: Literal["quick", "full"] = "quick"
    """How many cases and replicates."""
    case: Path | None = None
    """Check one theorem on your own task, described in this TOML file (see `w2s show ID`)."""
    seed: int = 0
    """Seed, from 0 to 2^64 - 1; replicate i depends on (seed, i) alone."""
    alpha: float = 1e-3
    """Chance that any interval of the run misses its target."""
    out: Path | None = None
    """Folder for verdicts.parquet, manifest.json, report.html and figures."""
    all: bool = False
    """Show every case, lemma and control, not one row a theorem."""
    mutants: bool = False
    """List every mutant: killed by which case, or why it survives."""
    json: bool = False
    """Print one JSON document instead of the table."""
    x64: bool = False
    """Compute in float64 instead of float32."""
    plugins: Plugins = ()
    """Bring in statements and kinds of your own; may be repeated."""


@dataclasses.dataclass(frozen=True)
class Falsify:
    """Search for the case in which a theorem is nearest to failing, and print it as a case file.

    Standard output is the file, with what was found in its comments. Exit status: 0 if the theorem stands, 1
    if the case refutes it, 2 for bad input, 130 if a signal ended the search: the best case
    so far is then printed.
    """

    id: tyro.conf.Positional[str]
    """The theorem (see `w2s list`), or FILE.py or MODULE:NAME of your own."""
    budget: float = 60.0
    """Seconds of search; the measurement of what is found comes on top."""
    case: Path | None = None
    """Start from the case in this TOML file instead of the theorem's own cases."""
    seed: int = 0
    """Seed of the search, from 0 to 2^64 - 1; what it finds is measured with the next one."""
    alpha: float = 1e-3
    """Chance that the interval of the last measurement misses."""
    x64: bool = False
    """Compute in float64 instead of float32."""
    plugins: Plugins = ()
    """Bring in statements and kinds of your own; may be repeated."""


@dataclasses.dataclass(frozen=True)
class Run:
    """Run a study: sweep tasks and estimators, replicate every cell, and keep what is done.

    Exit status: 0 when all is there, 130 if a signal ended it early (go on with --resume), 2 for bad input.
    """

    study: Annotated[str, tyro.conf.Positional, tyro.conf.arg(metavar="STUDY")]
    """A TOML file ([task], [[estimator]], [replication]; lists are swept), or the name of a ready study."""
    out: Path | None = None
    """Folder for manifest.json, parts and results.parquet."""
    resume: bool = False
    """Go on with the study that the folder holds, or top it up with more replicates."""
    shard: str = "1/1"
    """I/N: compute the I-th of N shares, in a folder of its own, for `w2s merge`."""
    distributed: bool = False
    """Several processes on one study, started by srun, mpirun, Kubernetes or on a TPU pod."""
    coordinator: str | None = None
    """HOST:PORT of process 0, where no launcher says it; with --num-processes and --process-id."""
    num_processes: int | None = None
    """How many processes there are."""
    process_id: int | None = None
    """Which of them this is, from 0."""
    memory: str | None = None
    """What the process may hold while it computes, such as 2GB; half of what is free by default."""
    dry_run: bool = False
    """Print the grid, the memory and an estimate of the time, and stop."""
    x64: bool = False
    """Compute in float64 instead of float32."""
    plugins: Plugins = ()
    """Bring in statements and kinds of your own; may be repeated."""


@dataclasses.dataclass(frozen=True)
class Merge:
    """Put the shards of a study together."""

    folders: tyro.conf.Positional[tuple[Path, ...]]
    """Folders of all shards."""
    out: Path
    """Folder for the whole."""
    plugins: Plugins = ()
    """Bring in the kinds of your own that the study has; may be repeated."""


@dataclasses.dataclass(frozen=True)
class Replay:
    """Run one replicate of a study again, alone, and compare it with what was kept."""

    folder: tyro.conf.Positional[Path]
    """Folder of the study."""
    cell: int
    """Number of the cell, as in results.parquet."""
    replicate: int
    """Number of the replicate."""
    plugins: Plugins = ()
    """Bring in the kinds of your own that the study has; may be repeated."""


@dataclasses.dataclass(frozen=True)
class List:
    """List the theorems and the ready studies."""

    json: bool = False
    """Print one JSON document instead of the tables."""
    plugins: Plugins = ()
    """Bring in statements and kinds of your own; may be repeated."""


@dataclasses.dataclass(frozen=True)
class Show:
    """Show one theorem: its claim, assumptions, lemmas, controls, and a ready case file."""

    id: tyro.conf.Positional[str]
    """The theorem (see `w2s list`), or FILE.py or MODULE:NAME of your own."""
    open: bool = False
    """Open the page with the proof in the browser instead, and print where the page lies."""
    plugins: Plugins = ()
    """Bring in statements and kinds of your own; may be repeated."""


@dataclasses.dataclass(frozen=True)
class Schema:
    """Print the JSON schema of study files, by which editors complete and check them.

    Write it to a file, and name that in the first line of a study: #:schema study.schema.json
    """

    plugins: Plugins = ()
    """Bring in kinds of your own; may be repeated."""


@dataclasses.dataclass(frozen=True)
class Doctor:
    """Show versions and devices, and check that numbers come out right on this machine."""


Command = (
    Annotated[Verify, tyro.conf.subcommand("verify")]
    | Annotated[Falsify, tyro.conf.subcommand("falsify")]
    | Annotated[Run, tyro.conf.subcommand("run")]
    | Annotated[Merge, tyro.conf.subcommand("merge")]
    | Annotated[Replay, tyro.conf.subcommand("replay")]
    | Annotated[List, tyro.conf.subcommand("list")]
    | Annotated[Show, tyro.conf.subcommand("show")]
    | Annotated[Schema, tyro.conf.subcommand("schema")]
    | Annotated[Doctor, tyro.conf.subcommand("doctor")]
)
