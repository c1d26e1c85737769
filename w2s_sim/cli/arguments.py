"""Arguments of the commands. Docstrings are the help texts."""

import dataclasses
from pathlib import Path
from typing import Annotated, Literal

import tyro

from w2s_sim.cli.lm_arguments import LanguageModels

Plugins = Annotated[
    tyro.conf.UseAppendAction[tuple[str, ...]], tyro.conf.arg(metavar="FILE.py|MODULE:NAME", name="plugin")
]


@dataclasses.dataclass(frozen=True)
class Verify:
    """Check theorems: sample the measured quantities, compare them with the bounds, and print the verdicts.

    Exit status: 0 if all verdicts are as expected; 1 if a theorem is refuted, or a control or a killable
    mutant survives; 2 for bad input; 130 if a signal ended the run early: the verdicts so far are then
    printed and written, marked as those of a partial run.
    """

    ids: Annotated[tuple[str, ...], tyro.conf.Positional, tyro.conf.arg(metavar="[ID ...]")] = ()
    """Ids of theorems (see `w2s list`), or FILE.py or MODULE:NAME of your own; all theorems by default."""
    preset: Literal["quick", "full"] = "quick"
    """Preset of cases and numbers of replicates; full has more of both."""
    case: Path | None = None
    """Check one theorem on your own task, described in this TOML file (see `w2s show ID`)."""
    seed: int = 0
    """Seed, from 0 to 2^64 - 1; replicate i depends on (seed, i) alone."""
    alpha: float = 1e-3
    """Probability, at most, that any confidence interval of the run misses its target."""
    out: Path | None = None
    """Folder for verdicts.parquet, manifest.json, report.html and figures."""
    all: bool = False
    """Show a row for every case, lemma and control, instead of one row per theorem."""
    mutants: bool = False
    """List every mutant: the case that killed it, or the reason why it survives."""
    json: bool = False
    """Print one JSON document instead of the tables."""
    x64: bool = False
    """Compute in float64 instead of float32."""
    no_cache: bool = False
    """Neither use the compiled programs of earlier runs nor keep those of this run (see `w2s doctor`)."""
    plugins: Plugins = ()
    """Load statements and kinds of your own from this file or module; may be repeated."""


@dataclasses.dataclass(frozen=True)
class Measure:
    """Measure the empirical statements: claims about measured numbers that no proof backs.

    Exit status: 0 if nothing speaks against a claim; 1 if a claim is not seen, or seen under its control; 2
    for bad input.
    """

    ids: Annotated[tuple[str, ...], tyro.conf.Positional, tyro.conf.arg(metavar="[ID ...]")] = ()
    """Ids of empirical statements; all of them by default."""
    fast: bool = False
    """Few and small runs, for a first look."""
    seed: int = 0
    """Seed of the runs, from 0 to 2^64 - 1."""
    json: bool = False
    """Print one JSON document instead of the table."""


@dataclasses.dataclass(frozen=True)
class Falsify:
    """Search for the case at which a theorem comes nearest to failing, and print it as a case file.

    Standard output is the case file; its comments describe the finding. Exit status: 0 if the theorem stands,
    1 if it fails at the case that was found, 2 for bad input, 130 if a signal ended the search early: the
    best case so far is then printed.
    """

    id: Annotated[str, tyro.conf.Positional, tyro.conf.arg(metavar="ID")]
    """Id of the theorem (see `w2s list`), or FILE.py or MODULE:NAME of your own."""
    budget: float = 60.0
    """Seconds of search; the final measurement of the case takes additional time."""
    case: Path | None = None
    """Start from the case in this TOML file instead of the theorem's own cases."""
    seed: int = 0
    """Seed of the search, from 0 to 2^64 - 1; the final measurement uses the next seed."""
    alpha: float = 1e-3
    """Probability, at most, that the confidence interval of the final measurement misses its target."""
    x64: bool = False
    """Compute in float64 instead of float32."""
    no_cache: bool = False
    """Neither use the compiled programs of earlier runs nor keep those of this run (see `w2s doctor`)."""
    plugins: Plugins = ()
    """Load statements and kinds of your own from this file or module; may be repeated."""


@dataclasses.dataclass(frozen=True)
class Run:
    """Run a study: sweep tasks and estimators, replicate every cell, and keep the results.

    Exit status: 0 if the study is complete, 130 if a signal ended the run early (continue with --resume), 2
    for bad input.
    """

    study: Annotated[str, tyro.conf.Positional, tyro.conf.arg(metavar="STUDY")]
    """A TOML file ([task], [[estimator]], [replication]; lists are swept), or the name of a ready study."""
    out: Path | None = None
    """Folder for manifest.json, the replicates and results.parquet."""
    resume: bool = False
    """Continue the study in the folder, or add replicates to it."""
    shard: str = "1/1"
    """I/N: compute only the I-th of N shares of the study, in a separate folder, for `w2s merge`."""
    distributed: bool = False
    """Run as one of several processes of a study, started by srun, mpirun, Kubernetes or on a TPU pod."""
    coordinator: str | None = None
    """HOST:PORT of process 0, if no launcher sets it; needs --num-processes and --process-id."""
    num_processes: int | None = None
    """Number of processes."""
    process_id: int | None = None
    """Index of this process, from 0."""
    memory: str | None = None
    """Memory for the computation, such as 2GB; half of the free memory by default."""
    dry_run: bool = False
    """Print the grid, the memory and an estimate of the time, without running the study."""
    x64: bool = False
    """Compute in float64 instead of float32."""
    no_cache: bool = False
    """Neither use the compiled programs of earlier runs nor keep those of this run (see `w2s doctor`)."""
    plugins: Plugins = ()
    """Load statements and kinds of your own from this file or module; may be repeated."""


@dataclasses.dataclass(frozen=True)
class Merge:
    """Merge the shards of a study."""

    folders: Annotated[tuple[Path, ...], tyro.conf.Positional, tyro.conf.arg(metavar="FOLDER ...")]
    """Folders of all shards."""
    out: Path
    """Folder for the merged study."""
    no_cache: bool = False
    """Neither use the compiled programs of earlier runs nor keep those of this run (see `w2s doctor`)."""
    plugins: Plugins = ()
    """Load kinds of your own that the study uses from this file or module; may be repeated."""


@dataclasses.dataclass(frozen=True)
class Replay:
    """Compute a single replicate of a study again, and compare it with the stored value."""

    folder: Annotated[Path, tyro.conf.Positional, tyro.conf.arg(metavar="FOLDER")]
    """Folder of the study."""
    cell: int
    """Number of the cell, as in results.parquet."""
    replicate: int
    """Number of the replicate."""
    no_cache: bool = False
    """Neither use the compiled programs of earlier runs nor keep those of this run (see `w2s doctor`)."""
    plugins: Plugins = ()
    """Load kinds of your own that the study uses from this file or module; may be repeated."""


@dataclasses.dataclass(frozen=True)
class Figures:
    """Draw the figures of the project, or of a script of your own, at the width of a paper's column.

    Each figure gets its pictures, its data (NAME.json) and its caption (NAME.txt). Data are computed once and
    kept: a second call only draws.
    """

    names: Annotated[tuple[str, ...], tyro.conf.Positional, tyro.conf.arg(metavar="[NAME ...]")] = ()
    """Names of figures (the book's gallery shows them), or FILE.py of your own; all of ours by default."""
    out: Path = Path("w2s-figures")
    """Folder of the files."""
    format: str = "pdf,svg,png"
    """Formats, with commas between them."""
    width: str | None = None
    """single (3.25 inches), double (6.75) or a number of inches; each figure has a width of its own."""
    style: Path | None = None
    """File of matplotlib settings (*.mplstyle), which has precedence over your matplotlibrc."""
    fast: bool = False
    """Draw drafts with few replicates; "draft" is written on them."""
    no_cache: bool = False
    """Compute the data again, and keep neither data nor compiled programs."""


@dataclasses.dataclass(frozen=True)
class Redraw:
    """Draw figures again without computing: those of `w2s figures` from their data, or those of a study.

    Width, formats and style may be others than before. A study's figures follow its tables [[figure]].
    """

    folder: Annotated[Path, tyro.conf.Positional, tyro.conf.arg(metavar="FOLDER")]
    """Folder that `w2s figures` or `w2s run` has written."""
    scripts: Annotated[tuple[str, ...], tyro.conf.Positional, tyro.conf.arg(metavar="[FILE.py ...]")] = ()
    """Scripts of your own figures in the folder."""
    format: str | None = None
    """Formats, with commas between them; by default pdf,svg,png, or those that the study asks for."""
    width: str | None = None
    """single (3.25 inches), double (6.75) or a number of inches; by default, every figure keeps its width."""
    style: Path | None = None
    """File of matplotlib settings (*.mplstyle), which has precedence over your matplotlibrc."""
    plugins: Plugins = ()
    """Load kinds of your own that the study uses from this file or module; may be repeated."""


@dataclasses.dataclass(frozen=True)
class List:
    """List the theorems and the ready studies."""

    json: bool = False
    """Print one JSON document instead of the tables."""
    plugins: Plugins = ()
    """Load statements and kinds of your own from this file or module; may be repeated."""


@dataclasses.dataclass(frozen=True)
class Show:
    """Show one theorem: its claim, assumptions, lemmas, controls, and an example case file."""

    id: Annotated[str, tyro.conf.Positional, tyro.conf.arg(metavar="ID")]
    """Id of the theorem (see `w2s list`), or FILE.py or MODULE:NAME of your own."""
    open: bool = False
    """Instead, open the page with the proof in the browser, and print the path of the page."""
    plugins: Plugins = ()
    """Load statements and kinds of your own from this file or module; may be repeated."""


@dataclasses.dataclass(frozen=True)
class Book:
    """Open the book in the browser, and print the path of its first page."""

    path: bool = False
    """Print the path without opening a browser."""


@dataclasses.dataclass(frozen=True)
class Schema:
    """Print the JSON schema of study files, which editors use to complete and check them.

    Write the schema to a file, and name the file in the first line of a study: #:schema study.schema.json
    """

    plugins: Plugins = ()
    """Load kinds of your own from this file or module; may be repeated."""


@dataclasses.dataclass(frozen=True)
class Doctor:
    """Show versions and devices, and check that this machine computes correct numbers."""


@dataclasses.dataclass(frozen=True)
class Demo:
    """Show the framework in seconds: fine-tuning stays above its floor, refinement falls below it.

    The picture is drawn with characters, in the terminal.
    """

    seed: int = 0
    """Seed of the simulation, from 0 to 2^64 - 1."""
    no_cache: bool = False
    """Neither use the compiled programs of earlier runs nor keep those of this run (see `w2s doctor`)."""


@dataclasses.dataclass(frozen=True)
class Teach:
    """Serve the explorer and the lessons of the course to the browser of this machine, without the network.

    Prints the address, which holds a token, and opens it. Exit status: 130 after Ctrl-C, 2 for bad input.
    """

    lesson: Annotated[str | None, tyro.conf.Positional, tyro.conf.arg(metavar="[LESSON]")] = None
    """Name or number of a lesson, or explorer; an index of all of them by default."""
    port: int | None = None
    """Port on 127.0.0.1; the first free one from 2718 on by default."""
    no_browser: bool = False
    """Print the address without opening it."""
    edit: bool = False
    """Copy the lesson into the current folder, and open the copy in the editor; a copy of yours is kept."""
    no_cache: bool = False
    """Neither use the compiled programs of earlier runs nor keep those of this run (see `w2s doctor`)."""


Command = (
    Annotated[Demo, tyro.conf.subcommand("demo")]
    | Annotated[Teach, tyro.conf.subcommand("teach")]
    | Annotated[Verify, tyro.conf.subcommand("verify")]
    | Annotated[Measure, tyro.conf.subcommand("measure")]
    | Annotated[Falsify, tyro.conf.subcommand("falsify")]
    | Annotated[Run, tyro.conf.subcommand("run")]
    | Annotated[Merge, tyro.conf.subcommand("merge")]
    | Annotated[Replay, tyro.conf.subcommand("replay")]
    | Annotated[Figures, tyro.conf.subcommand("figures")]
    | Annotated[Redraw, tyro.conf.subcommand("redraw")]
    | Annotated[List, tyro.conf.subcommand("list")]
    | Annotated[Show, tyro.conf.subcommand("show")]
    | Annotated[Book, tyro.conf.subcommand("book")]
    | Annotated[Schema, tyro.conf.subcommand("schema")]
    | Annotated[LanguageModels, tyro.conf.subcommand("lm")]
    | Annotated[Doctor, tyro.conf.subcommand("doctor")]
)
