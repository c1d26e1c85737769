"""The entry point: parse arguments, run a command, and turn errors into one line and an exit status."""

import contextlib
import importlib.metadata
import io
import os
import sys
from collections.abc import Sequence

import tyro

from w2s_sim.cli.argument_errors import argument_error
from w2s_sim.cli.arguments import (
    Book,
    Command,
    Demo,
    Doctor,
    Falsify,
    Figures,
    List,
    Measure,
    Merge,
    Redraw,
    Replay,
    Run,
    Schema,
    Show,
    Teach,
    Verify,
)
from w2s_sim.cli.console import warnings_on_a_line
from w2s_sim.cli.exit_status import BAD_INPUT, READER_LEFT, leave_interrupted, terminated_like_interrupted
from w2s_sim.cli.lm_arguments import (
    CheckLanguageModel,
    Evidence,
    ExperimentSchema,
    FetchLanguageModel,
    InContext,
    LanguageModelCommand,
    LanguageModels,
    Refine,
    RunExperiment,
    Select,
)
from w2s_sim.cli.next_steps import HEADLINE, next_steps
from w2s_sim.errors import InputError

LanguageModelComputation = CheckLanguageModel | Select | InContext | Refine | Evidence | RunExperiment
ComputingCommand = Demo | Teach | Verify | Falsify | Figures | Run | Replay | Merge | LanguageModelComputation
DESCRIPTION = "w2s-sim: check the theorems of weak-to-strong generalization numerically."


def main(arguments: Sequence[str] | None = None) -> None:
    """Run `w2s`, and raise SystemExit with the exit status."""
    given = sys.argv[1:] if arguments is None else list(arguments)
    try:
        with terminated_like_interrupted(), warnings_on_a_line():
            sys.exit(_status(given, own_process=arguments is None))
    except KeyboardInterrupt:
        leave_interrupted()
    except OSError as error:
        if error.filename is not None:
            raise
        # The reader of a pipe (head, less) has left, or the disk is full.
        _give_up_output()
        if isinstance(error, BrokenPipeError):
            sys.exit(READER_LEFT)
        complaint = InputError("standard output", error.strerror, "a file or a pipe that can be written")
        print(f"w2s: {complaint}", file=sys.stderr)
        sys.exit(BAD_INPUT)


def _give_up_output() -> None:
    """Redirect broken output streams to the null device, because Python flushes streams again at exit."""
    for stream in (sys.stdout, sys.stderr):
        try:
            print(end="", file=stream, flush=True)
        except OSError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def _status(arguments: Sequence[str], own_process: bool) -> int:
    """Run the command and return its exit status; bad input is reported in one line."""
    try:
        if not arguments:
            return _print_next_steps()
        return _print_version() if arguments == ["--version"] else _run(_parse(arguments), own_process)
    except InputError as error:
        print(f"w2s: {error}", file=sys.stderr)
        return BAD_INPUT
    finally:
        # Flush here: at exit, nothing would handle the error of a reader that has left.
        print(end="", flush=True)


def _print_version() -> int:
    print(f"w2s-sim {importlib.metadata.version('w2s-sim')}")
    return 0


def _print_next_steps() -> int:
    print(f"{HEADLINE}\n\n{next_steps()}")
    return 0


def _run(given: Command, own_process: bool) -> int:
    command = given.command if isinstance(given, LanguageModels) else given
    if isinstance(command, ComputingCommand):
        # Before NumPy is imported. XLA computes replicates in parallel itself: more threads for each
        # decomposition wait for one another, and make large ones a hundred times slower.
        os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
        from w2s_sim.engine.letting_go import allocate_in_few_places
        from w2s_sim.engine.lowering_context import share_lowering_contexts
        from w2s_sim.engine.programs import compile_cheaply, make_room_for_decompositions

        # Before a plugin is imported, which may start XLA.
        make_room_for_decompositions()
        # Not for callers in Python: the options would also apply to the caller's own programs.
        if own_process and isinstance(command, Demo | Teach | Verify | Falsify):
            compile_cheaply()
            allocate_in_few_places()
        if own_process and isinstance(command, LanguageModelComputation):
            allocate_in_few_places()
        if own_process:
            share_lowering_contexts()
        from w2s_sim.cli.program_cache import kept_programs

        with kept_programs(wanted=not command.no_cache):
            return _call(command)
    return _call(command)


def _call(command: Command | LanguageModelCommand) -> int:
    """Run the command; returns its exit status."""
    # Import each command here, because it imports jax, which a call for help does not need.
    match command:
        case Demo():
            from w2s_sim.cli.demo import run_demo

            return run_demo(command)
        case Teach():
            from w2s_sim.cli.teach import run_teach

            return run_teach(command)
        case Verify():
            from w2s_sim.cli.verify import run_verify

            return run_verify(command)
        case Measure():
            from w2s_sim.cli.measure import run_measure

            return run_measure(command)
        case Falsify():
            from w2s_sim.cli.falsify import run_falsify

            return run_falsify(command)
        case Run():
            from w2s_sim.cli.run import run_run

            return run_run(command)
        case Merge():
            from w2s_sim.cli.run import run_merge

            return run_merge(command)
        case Replay():
            from w2s_sim.cli.run import run_replay

            return run_replay(command)
        case Figures():
            from w2s_sim.cli.figures import run_figures

            return run_figures(command)
        case Redraw():
            from w2s_sim.cli.figures import run_redraw

            return run_redraw(command)
        case List():
            from w2s_sim.cli.listing import run_list

            return run_list(command)
        case Show():
            from w2s_sim.cli.describe import run_show

            return run_show(command)
        case Book():
            from w2s_sim.cli.book import run_book

            return run_book(command)
        case Schema():
            from w2s_sim.cli.describe import run_schema

            return run_schema(command)
        case LanguageModels():
            return _call(command.command)
        case FetchLanguageModel():
            from w2s_sim.cli.lm import run_fetch

            return run_fetch()
        case CheckLanguageModel():
            from w2s_sim.cli.lm import run_check

            return run_check(command)
        case Select():
            from w2s_sim.cli.lm_select import run_select

            return run_select(command)
        case InContext() | Refine() | Evidence() | RunExperiment():
            from w2s_sim.cli.lm_experiments import run_experiment

            return run_experiment(command)
        case ExperimentSchema():
            from w2s_sim.cli.lm import run_experiment_schema

            return run_experiment_schema()
        case Doctor():
            from w2s_sim.cli.doctor import run_doctor

            return run_doctor()


def _parse(arguments: Sequence[str]) -> Command:
    """Parse the arguments into a command; an error in the arguments is reported in one line."""
    complaint = io.StringIO()
    try:
        with contextlib.redirect_stderr(complaint):
            return tyro.cli(
                Command,  # pyright: ignore[reportArgumentType]
                prog="w2s",
                description=DESCRIPTION,
                args=arguments,
                config=(tyro.conf.FlagCreatePairsOff,),
            )
    except SystemExit as leaving:
        if leaving.code:
            print(f"w2s: {argument_error(complaint.getvalue(), arguments)}", file=sys.stderr)
            sys.exit(BAD_INPUT)
        raise
