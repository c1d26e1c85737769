"""`w2s lm in-context`, `refine`, `evidence` and `run`: the experiments with a real language model."""

import dataclasses
from collections.abc import Sequence
from typing import TypeVar

import pandas as pd

from w2s_sim.cli.console import make_console, make_table, print_table
from w2s_sim.cli.lm_arguments import Evidence, InContext, Refine, RunExperiment
from w2s_sim.cli.progress import track
from w2s_sim.language_models.answer_metrics import METRICS
from w2s_sim.language_models.content_scorer import read_scorer
from w2s_sim.language_models.evidence_laws import MEASURED, summary_of_evidence
from w2s_sim.language_models.evidence_study import EvidenceSettings
from w2s_sim.language_models.experiment_file import (
    EXPERIMENTS,
    READY,
    Experiment,
    find_experiment,
    load_experiment,
)
from w2s_sim.language_models.experiment_folder import Cell, Texts
from w2s_sim.language_models.in_context_study import InContextSettings
from w2s_sim.language_models.language_model import load_language_model
from w2s_sim.language_models.question_set import read_questions
from w2s_sim.language_models.refinement_study import RefinementSettings
from w2s_sim.language_models.styles import read_styles

SettingsT = TypeVar("SettingsT", InContextSettings, RefinementSettings, EvidenceSettings)
# First columns of the printed table, which tell rows apart, and its metrics.
TABLES = {
    "in-context": (("style", "n"), METRICS),
    "refine": (("style", "fine-tuned on"), METRICS),
    "evidence": (("condition", "style", "n"), MEASURED),
}


def run_experiment(arguments: InContext | Refine | Evidence | RunExperiment) -> int:
    """Run the experiment of the arguments or of a file, and print its table."""
    experiment = _experiment(arguments)
    run = EXPERIMENTS[experiment.kind][1]
    rows = run(
        load_language_model(),
        experiment.texts,
        experiment.settings,
        arguments.out,
        resume=arguments.resume,
        progress=lambda cells: track(cells, _cell_name),
    )
    table = summary_of_evidence(rows) if experiment.kind == "evidence" else rows
    _print(table, *TABLES[experiment.kind])
    return 0


def _experiment(arguments: InContext | Refine | Evidence | RunExperiment) -> Experiment:
    match arguments:
        case RunExperiment():
            return load_experiment(find_experiment(arguments.experiment))
        case InContext():
            return Experiment(
                "in-context", in_context_settings(arguments), _texts(arguments, arguments.scorer)
            )
        case Refine():
            return Experiment("refine", refinement_settings(arguments), _texts(arguments, arguments.scorer))
        case Evidence():
            return Experiment("evidence", evidence_settings(arguments), _texts(arguments, None))


def _texts(arguments: InContext | Refine | Evidence, scorer: str | None) -> Texts:
    questions, styles = read_questions(arguments.questions_file), read_styles(arguments.styles_file)
    return Texts(questions, styles, scorer=read_scorer(scorer))


def in_context_settings(arguments: InContext) -> InContextSettings:
    """Return the settings of the experiment in context."""
    settings = InContextSettings(
        styles=arguments.styles,
        sizes=arguments.sizes,
        num_prompts=arguments.prompts,
        num_seeds=arguments.seeds,
        wrong_share=arguments.wrong_share,
        errors=arguments.errors,
        teacher_without_layers=arguments.teacher_without_layers,
    )
    return _first_look(settings, "in-context-fast") if arguments.fast else settings


def refinement_settings(arguments: Refine) -> RefinementSettings:
    """Return the settings of the experiment of refinement."""
    settings = RefinementSettings(
        styles=arguments.styles,
        arms=arguments.arms,
        num_demonstrations=arguments.demonstrations,
        num_seeds=arguments.seeds,
        wrong_share=arguments.wrong_share,
        errors=arguments.errors,
        teacher_without_layers=arguments.teacher_without_layers,
        learning_rates=arguments.learning_rates,
        epochs=arguments.epochs,
        num_layers=arguments.layers,
    )
    return _first_look(settings, "refine-fast") if arguments.fast else settings


def evidence_settings(arguments: Evidence) -> EvidenceSettings:
    """Return the settings of the experiment of evidence."""
    settings = EvidenceSettings(
        styles=arguments.styles,
        controls=arguments.controls,
        num_demonstrations=arguments.demonstrations,
        num_paths=arguments.paths,
        num_seeds=arguments.seeds,
        wrong_share=arguments.wrong_share,
    )
    return _first_look(settings, "evidence-fast") if arguments.fast else settings


def _first_look(settings: SettingsT, ready: str) -> SettingsT:
    """Return the settings of a ready first look, except where the given settings are not the defaults."""
    usual, small = type(settings)(), load_experiment(READY[ready]).settings
    given = {name: value for name, value in vars(settings).items() if value != getattr(usual, name)}
    return dataclasses.replace(small, **given)


def _cell_name(cell: Cell) -> str:
    """Return what tells a cell apart, with the seed at the end."""
    *parts, seed = map(str, cell)
    return ", ".join([*parts, f"seed {seed}"])


def _print(table: pd.DataFrame, told_apart_by: Sequence[str], metrics: Sequence[str]) -> None:
    """Print the table of an experiment, each metric with its standard error.

    Args:
        table: The table, as from `summary`.
        told_apart_by: Names of the first columns as they are printed; they tell rows apart.
        metrics: Columns with metrics.
    """
    names = [metric.replace("_", " ") for metric in metrics]
    shown = make_table(*told_apart_by, *names, "prompts", right=(*names, "prompts"))
    for row in table.to_dict("records"):
        numbers = [f"{row[metric]:.3g} ± {row[f'{metric}_se']:.2g}" for metric in metrics]
        keys = (str(row[name]) for name in table.columns[: len(told_apart_by)])
        shown.add_row(*keys, *numbers, str(row["prompts"]))
    print_table(make_console(), shown)
