"""Imitation, naive fine-tuning and refinement on examples that a weak language model has labelled.

Run from anywhere: python figures/ginc_weak_to_strong.py [FOLDER]   (figures/gallery by default)
"""

import sys
from pathlib import Path

from w2s_sim.cli.progress import track
from w2s_sim.concepts import HiddenMarkovModel, forgetful
from w2s_sim.concepts.finite import shifted
from w2s_sim.experiments.ginc import (
    Finetuned,
    imitated,
    in_context_scores,
    informed,
    prior_finetuned,
    refined,
    unaligned,
)
from w2s_sim.experiments.ginc_concepts import ginc_languages
from w2s_sim.plotting import Curve, Panel, curves_table, panels_figure, save_figure

NUM_EXAMPLES = (0, 2, 8, 32)
LENGTH, SEPARATION = 5, 0.3
NUM_WORLDS, NUM_PROMPTS, SEED = 6, 200, 0
RULES = {
    "weak model, imitated": imitated,
    "fine-tuned, half way": Finetuned(0.5),
    "concept prior fine-tuned": prior_finetuned,
    "refined in context": refined,
    "told the concept": informed,
}
# Share of the weak model's symbols that are replaced by the next symbol; it also forgets a third of its
# steps.
SHIFTS = (0.4, 0.6)


def main(folder: Path) -> None:
    """Simulate, draw and write the figure."""
    worlds = [ginc_languages(LENGTH, separation=SEPARATION, seed=world) for world in range(NUM_WORLDS)]
    panels = []
    for shift in SHIFTS:

        def weak(model: HiddenMarkovModel, shift: float = shift) -> HiddenMarkovModel:
            return forgetful(shifted(model, shift), 1.0 / 3.0)

        rules = {"unaligned": unaligned, **RULES}
        rows = [
            in_context_scores(rules, worlds, size, weak=weak, num_prompts=NUM_PROMPTS, seed=SEED)
            for size in track(NUM_EXAMPLES, lambda size, shift=shift: f"shift {shift:g}, n = {size}")
        ]
        print(f"shift {shift:g}", *(row.round(4).to_string() for row in rows), sep="\n", flush=True)
        for metric, label in (("accuracy", "accuracy"), ("excess_loss", "excess log loss (nats)")):
            curves = [
                Curve(
                    name,
                    NUM_EXAMPLES,
                    [float(row[metric].to_numpy()[index]) for row in rows],
                    [float(row[f"{metric}_se"].to_numpy()[index]) for row in rows],
                )
                for index, name in enumerate(rules)
                if name in RULES
            ]
            panels.append(
                Panel(
                    f"{shift:.0%} of weak symbols are wrong",
                    "weak examples, $n$",
                    label,
                    curves,
                    x_scale="symlog2",
                    y_limits=(0.0, None),
                    legend=len(panels) == 0,
                )
            )
    note = f"{NUM_WORLDS} sets of 5 languages, {NUM_PROMPTS} prompts each, examples of {LENGTH} symbols."
    figure = panels_figure(panels, note)
    print("wrote", save_figure(figure, curves_table(panels), folder, "ginc_weak_to_strong"))


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent / "gallery")
