"""`w2s lm`: fetch, check and use a real language model."""

import dataclasses
import time
from collections.abc import Callable, Sequence

import jax
import pandas as pd
import psutil

from w2s_sim.cli.console import make_console, make_table, print_table
from w2s_sim.cli.lm_arguments import CheckLanguageModel, Evidence, InContext, Refine
from w2s_sim.cli.progress import track
from w2s_sim.language_models.answer_metrics import METRICS
from w2s_sim.language_models.evidence_laws import MEASURED, summary_of_evidence
from w2s_sim.language_models.evidence_study import EvidenceSettings, run_evidence
from w2s_sim.language_models.experiment_folder import Cell, Texts
from w2s_sim.language_models.fetching import fetch_model, sha256
from w2s_sim.language_models.in_context_study import InContextSettings, run_in_context
from w2s_sim.language_models.language_model import load_language_model
from w2s_sim.language_models.model_location import DEFAULT_SHA256, find_model_file
from w2s_sim.language_models.question_set import read_questions
from w2s_sim.language_models.reference import TOLERANCE, compare_with_reference
from w2s_sim.language_models.refinement_study import RefinementSettings, run_refinement
from w2s_sim.language_models.speed import greedy_speed, reading_speed
from w2s_sim.language_models.styles import read_styles

# Settings of a first look.
FAST_PROMPTS, FAST_SEEDS, FAST_SIZE = 16, 1, 8


def run_fetch() -> int:
    """Fetch the default model, and print the path of its file."""
    print(fetch_model())
    return 0


def run_check(arguments: CheckLanguageModel) -> int:
    """Check the model; returns 1 if the default model differs from its reference values."""
    file = find_model_file()
    started = time.perf_counter()
    model = load_language_model(file, arguments.precision)
    jax.block_until_ready(model.network)
    loaded = time.perf_counter() - started
    sizes = model.network.sizes
    parameters = sum(leaf.size for leaf in jax.tree.leaves(model.network))
    rows = [
        ("file", str(file)),
        ("model", f"{model.name}: {parameters / 1e6:.0f} million weights, {sizes.num_layers} layers"),
        ("loaded in", f"{loaded:.1f} s, {arguments.precision}"),
    ]
    agrees = True
    if sha256(file) == DEFAULT_SHA256:
        agreement = compare_with_reference(model)
        agrees = agreement.holds or arguments.precision != "float32"
        rows += [
            ("token ids", f"those of llama.cpp in {agreement.same_tokens} of {agreement.texts} texts"),
            ("log probabilities", f"at most {agreement.nats:.4f} nats from llama.cpp's (limit {TOLERANCE})"),
        ]
    else:
        rows.append(("reference", "none: the values are those of the fetched model"))
    rows += [
        ("reads", f"{reading_speed(model):.0f} tokens a second, 16 rows"),
        ("writes", f"{greedy_speed(model):.0f} tokens a second, 16 rows, greedily"),
        ("memory", f"{psutil.Process().memory_info().rss / 1e9:.2f} GB"),
        ("device", str(jax.devices()[0])),
    ]
    table = make_table("", "", whole=("",))
    table.show_header = False
    for row in rows:
        table.add_row(*row)
    print_table(make_console(), table)
    return 0 if agrees else 1


def run_in_context_study(arguments: InContext) -> int:
    """Run the experiment in context, and print its table."""
    fast = arguments.fast
    settings = InContextSettings(
        styles=arguments.styles,
        sizes=tuple(size for size in arguments.sizes if size <= FAST_SIZE) if fast else arguments.sizes,
        num_prompts=min(arguments.prompts, FAST_PROMPTS) if fast else arguments.prompts,
        num_seeds=min(arguments.seeds, FAST_SEEDS) if fast else arguments.seeds,
        wrong_share=arguments.wrong_share,
        errors=arguments.errors,
        teacher_without_layers=arguments.teacher_without_layers,
    )
    table = _run(run_in_context, settings, arguments)
    _print(table, ("style", "n"), METRICS)
    return 0


def run_refinement_study(arguments: Refine) -> int:
    """Run the experiment of refinement, and print its table."""
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
    if arguments.fast:
        settings = dataclasses.replace(
            settings,
            num_train=64,
            num_chosen_by=8,
            num_held_out=32,
            num_seeds=1,
            learning_rates=settings.learning_rates[:1],
            epochs=2,
        )
    table = _run(run_refinement, settings, arguments)
    _print(table, ("style", "fine-tuned on"), METRICS)
    return 0


def run_evidence_study(arguments: Evidence) -> int:
    """Run the experiment of evidence, and print the means at some numbers of demonstrations."""
    settings = EvidenceSettings(
        styles=arguments.styles,
        controls=arguments.controls,
        num_demonstrations=arguments.demonstrations,
        num_paths=arguments.paths,
        num_seeds=arguments.seeds,
        wrong_share=arguments.wrong_share,
    )
    if arguments.fast:
        settings = dataclasses.replace(
            settings,
            styles=settings.styles[:2],
            num_demonstrations=min(settings.num_demonstrations, 16),
            num_paths=min(settings.num_paths, 4),
            num_seeds=1,
        )
    rows = _run(run_evidence, settings, arguments)
    _print(summary_of_evidence(rows), ("condition", "style", "n"), MEASURED)
    return 0


def _run(
    experiment: Callable[..., pd.DataFrame], settings: object, arguments: InContext | Refine | Evidence
) -> pd.DataFrame:
    """Run an experiment with the texts and the folder of the arguments."""
    return experiment(
        load_language_model(),
        Texts(read_questions(arguments.questions_file), read_styles(arguments.styles_file)),
        settings,
        arguments.out,
        resume=arguments.resume,
        progress=lambda cells: track(cells, _cell_name),
    )


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
