"""Does refinement beat imitation on examples that a weak language model has labelled?"""

import pandas as pd
from matplotlib.figure import Figure

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
from w2s_sim.figures import Page, PaperFigure, Tables, figure_script
from w2s_sim.plotting import Curve, Panel, panels_figure
from w2s_sim.plotting.looks import ITERATED, LABELLER, NAIVE, ORACLE, WEAK_MODEL

NUM_EXAMPLES = (0, 2, 8, 32)
LENGTH, SEPARATION = 5, 0.3
NUM_WORLDS, NUM_PROMPTS = 6, 200
DRAFT_WORLDS, DRAFT_PROMPTS = 2, 40
RULES = {
    "weak model, imitated": imitated,
    "fine-tuned, half way": Finetuned(0.5),
    "concept prior fine-tuned": prior_finetuned,
    "refined in context": refined,
    "told the concept": informed,
}
LOOKS = (WEAK_MODEL, NAIVE, ITERATED, LABELLER, ORACLE)
METRICS = {"accuracy": "accuracy", "excess_loss": "excess log loss (nats)"}
# Share of the weak model's symbols that are replaced by the next symbol; it also forgets a third of its
# steps.
SHIFTS = (0.4, 0.6)


def compute(fast: bool, seed: int) -> Tables:
    """Score all rules on prompts whose examples a weak model has labelled."""
    num_worlds, num_prompts = (DRAFT_WORLDS, DRAFT_PROMPTS) if fast else (NUM_WORLDS, NUM_PROMPTS)
    worlds = [ginc_languages(LENGTH, separation=SEPARATION, seed=world) for world in range(num_worlds)]
    rules = {"unaligned": unaligned, **RULES}
    found = []
    for shift in SHIFTS:

        def weak(model: HiddenMarkovModel, shift: float = shift) -> HiddenMarkovModel:
            return forgetful(shifted(model, shift), 1.0 / 3.0)

        for size in track(NUM_EXAMPLES, lambda size, shift=shift: f"shift {shift:g}, n = {size}"):
            scores = in_context_scores(rules, worlds, size, weak=weak, num_prompts=num_prompts, seed=seed)
            columns = [column for metric in METRICS for column in (metric, f"{metric}_se")]
            found.append(
                scores[columns]
                .reset_index(drop=True)
                .assign(rule=list(rules), shift=shift, num_examples=size)
                .assign(worlds=num_worlds, prompts=num_prompts)
            )
    return {"scores": pd.concat(found, ignore_index=True)}


def draw(tables: Tables, page: Page) -> Figure:
    """Draw accuracy and loss at both shares of wrong weak symbols."""
    panels = []
    for metric, label in METRICS.items():
        for shift, rows in tables["scores"].groupby("shift"):
            curves = []
            for look, rule in zip(LOOKS, RULES, strict=True):
                own = rows.loc[rows["rule"] == rule]
                curves.append(Curve(rule, own["num_examples"], own[metric], own[f"{metric}_se"], look))
            panels.append(
                Panel(
                    f"{label.partition(' (')[0]}, {shift:.0%} of weak symbols wrong",
                    "weak examples, $n$",
                    label,
                    curves,
                    x_scale="symlog2",
                )
            )
    return panels_figure(panels, page, most_columns=2, height=1.9 if page.is_single else None)


def caption(tables: Tables) -> str:
    """Say what is drawn, with the numbers of languages and prompts."""
    counts = tables["scores"].iloc[0]
    return (
        "Accuracy (a, b) and excess log loss (c, d) after n examples that a weak language model has "
        "labelled. The weak model replaces 40 or 60 percent of its symbols by the next symbol, and "
        f"forgets a third of its steps. Means over {counts['worlds']} sets of 5 GINC-like languages, "
        f"{counts['prompts']} prompts each, examples of {LENGTH} symbols; error bars: two standard errors "
        "over the prompts; seed 0."
    )


FIGURE = PaperFigure(
    name="ginc_weak_to_strong",
    compute=compute,
    draw=draw,
    caption=caption,
)

if __name__ == "__main__":
    figure_script(FIGURE)
