"""`w2s lm fetch`, `check` and `schema`: get a real language model, check it, and describe its experiments."""

import json
import time

import jax
import psutil
from rich.progress import BarColumn, DownloadColumn, Progress, TimeRemainingColumn

from w2s_sim.cli.console import make_console, make_table, print_table, shows_progress
from w2s_sim.cli.lm_arguments import CheckLanguageModel
from w2s_sim.language_models.experiment_schema import experiment_schema
from w2s_sim.language_models.fetching import fetch_model, sha256
from w2s_sim.language_models.language_model import load_language_model
from w2s_sim.language_models.model_location import DEFAULT_SHA256, find_model_file
from w2s_sim.language_models.reference import TOLERANCE, compare_with_reference
from w2s_sim.language_models.speed import greedy_speed, reading_speed


def run_fetch() -> int:
    """Fetch the default model, with progress on standard error, and print the path of its file."""
    watched = shows_progress()
    columns = (BarColumn(bar_width=30), DownloadColumn(), TimeRemainingColumn())
    with Progress(*columns, console=make_console(stderr=True), transient=True, disable=not watched) as bar:
        task = bar.add_task("", total=None)
        file = fetch_model(lambda done, whole: bar.update(task, completed=done, total=whole))
    print(file)
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


def run_experiment_schema() -> int:
    """Print the JSON schema of files of experiments."""
    print(json.dumps(experiment_schema(), indent=1))
    return 0
