"""In-context accuracy on GINC-like languages, against the number and the length of the examples.

Run from anywhere: python figures/ginc.py [FOLDER]   (figures/gallery by default)
"""

import sys
from pathlib import Path

from w2s_sim.cli.progress import track
from w2s_sim.experiments.ginc import in_context_scores, refined
from w2s_sim.experiments.ginc_concepts import ginc_languages
from w2s_sim.plotting import Curve, Panel, curves_table, panels_figure, save_figure

NUM_EXAMPLES = (0, 1, 2, 4, 8, 16, 32, 64)
LENGTHS = (3, 5, 8, 10)
# Title, share of properties whose transitions differ between languages, share of sentences that begin like
# examples.
SETS = (
    ("all steps tell languages apart", 1.0, 0.0),
    ("a fifth of the properties do", 0.2, 0.0),
    ("... and the others begin like examples", 0.2, 0.95),
)
NUM_WORLDS, NUM_PROMPTS, SEED = 8, 250, 0


def main(folder: Path) -> None:
    """Simulate, draw and write the figure."""
    panels = []
    for index, (title, separation, habit) in enumerate(SETS):
        curves = []
        for length in LENGTHS:
            worlds = [
                ginc_languages(length, wanted=-1, separation=separation, habit=habit, seed=world)
                for world in range(NUM_WORLDS)
            ]
            rows = [
                in_context_scores({"refined": refined}, worlds, size, num_prompts=NUM_PROMPTS, seed=SEED)
                for size in track(NUM_EXAMPLES, lambda size, length=length: f"length {length}, n = {size}")
            ]
            values = [float(row["shortfall"].to_numpy()[0]) for row in rows]
            errors = [float(row["shortfall_se"].to_numpy()[0]) for row in rows]
            curves.append(Curve(f"examples of {length} symbols", NUM_EXAMPLES, values, errors))
            print(title, length, [f"{value:.4f}" for value in values])
        panels.append(
            Panel(
                title,
                "examples in context, $n$",
                "accuracy short of knowing the concept",
                curves,
                x_scale="symlog2",
                y_limits=(-0.01, 0.16),
                legend=index == 0,
            )
        )
    note = f"Exact Bayes predictor, {NUM_WORLDS} sets of 5 languages, {NUM_PROMPTS} prompts each."
    print("wrote", save_figure(panels_figure(panels, note), curves_table(panels), folder, "ginc"))


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent / "gallery")
