"""`w2s demo`: the floor of fine-tuning and the fall of refinement below it, as a picture in the terminal."""

import sys
import time

from rich.text import Text

from w2s_sim.cli.arguments import Demo
from w2s_sim.cli.console import make_console
from w2s_sim.cli.next_steps import next_steps
from w2s_sim.cli.progress import track
from w2s_sim.experiments.floor_and_refinement import (
    FINE_TUNED,
    IN_CONTEXT,
    RIDGE,
    STUDENT,
    floor_and_refinement,
)
from w2s_sim.plotting.terminal import terminal_picture
from w2s_sim.randomness import require_seed
from w2s_sim.statements.shared.quantities import naive_floor
from w2s_sim.tasks.regression_task import canonical_task

WIDEST = 78


def run_demo(arguments: Demo) -> int:
    """Compute the risks, draw them, and say what the picture shows; returns 0."""
    seed = require_seed(arguments.seed)
    console, started = make_console(), time.perf_counter()
    task = canonical_task()
    parts = list(floor_and_refinement(task, seed=seed).items())
    tables = {label: compute() for label, compute in track(parts, lambda part: f"{part[0]}")}
    floor = float(naive_floor(task))
    unicode = (sys.stdout.encoding or "").lower().startswith("utf")
    plus_minus = "±" if unicode else "+-"
    curves = {
        label: list(zip(table["num_weak"].astype(float), table["risk"], strict=True))
        for label, table in tables.items()
    }
    picture = terminal_picture(
        curves,
        level=floor,
        level_label=f"floor of fine-tuning, {floor:.3f}",
        x_label="weak labels used, n",
        y_label="excess risk (squared label units)",
        width=min(WIDEST, console.width),
        unicode=unicode,
    )
    console.print(Text(picture, no_wrap=True), crop=False)
    last = {label: table.iloc[-1] for label, table in tables.items()}
    said = {label: f"{row['risk']:.5f} {plus_minus} {row['risk_se']:.1g}" for label, row in last.items()}
    size = {label: int(row["num_weak"]) for label, row in last.items()}
    seconds = time.perf_counter() - started
    console.print(
        f"\nThe task: {task.dim} features, {task.num_concepts} concepts; weak labels are noisy and biased. "
        f"Points are means, {plus_minus} is their Monte Carlo standard error.\n"
        f"* Fine-tuning on {size[FINE_TUNED]:,} weak labels (ridge {RIDGE}) leaves a risk of "
        f"{said[FINE_TUNED]}. Its mean is never below {floor:.3f}, for any number of labels and any ridge: "
        "theorem naive-floor.\n"
        f"* The strong model reads {size[IN_CONTEXT]} of these labels in context and recognises the concept: "
        f"{said[IN_CONTEXT]}.\n"
        f"* A student fitted to labels refined in this way, from {size[STUDENT]:,} weak labels in all: "
        f"{said[STUDENT]}.\n"
        f"Computed in {seconds:.1f} s with seed {seed}.\n",
        markup=False,
    )
    console.print(next_steps(shown="demo"), markup=False)
    return 0
