"""How many examples does a language model need to know the concept?

In-context accuracy on GINC-like languages, against the number and the length of the examples.
"""

import pandas as pd
from matplotlib.figure import Figure

from w2s_sim.cli.progress import track
from w2s_sim.experiments.ginc import in_context_scores, refined
from w2s_sim.experiments.ginc_concepts import ginc_languages
from w2s_sim.figures import Page, PaperFigure, Tables, figure_script
from w2s_sim.plotting import Curve, Panel, panels_figure
from w2s_sim.plotting.looks import SERIES

NUM_EXAMPLES = (0, 1, 2, 4, 8, 16, 32, 64)
LENGTHS = (3, 5, 8, 10)
# Title, share of properties whose transitions differ between languages, share of sentences that begin like
# examples.
SETS = (
    ("all properties tell languages apart", 1.0, 0.0),
    ("a fifth of the properties do", 0.2, 0.0),
    ("... and sentences begin like examples", 0.2, 0.95),
)
NUM_WORLDS, NUM_PROMPTS = 8, 250
DRAFT_WORLDS, DRAFT_PROMPTS = 2, 40


def compute(fast: bool, seed: int) -> Tables:
    """Measure how far the predictor's accuracy falls short of that of a predictor told the concept."""
    num_worlds, num_prompts = (DRAFT_WORLDS, DRAFT_PROMPTS) if fast else (NUM_WORLDS, NUM_PROMPTS)
    rows = []
    for title, separation, habit in SETS:
        for length in LENGTHS:
            worlds = [
                ginc_languages(length, wanted=-1, separation=separation, habit=habit, seed=world)
                for world in range(num_worlds)
            ]
            for size in track(NUM_EXAMPLES, lambda size, length=length: f"length {length}, n = {size}"):
                scores = in_context_scores(
                    {"refined": refined}, worlds, size, num_prompts=num_prompts, seed=seed
                )
                shortfall, se = scores[["shortfall", "shortfall_se"]].to_numpy()[0].tolist()
                place = {"set": title, "length": length, "num_examples": size}
                rows.append({**place, "shortfall": shortfall, "shortfall_se": se, "worlds": num_worlds})
    return {"shortfalls": pd.DataFrame(rows).assign(prompts=num_prompts)}


def draw(tables: Tables, page: Page) -> Figure:
    """Draw the shortfall of each set of languages, on axes of their own where the values are small."""
    panels = []
    for title, rows in tables["shortfalls"].groupby("set", sort=False):
        curves = [
            Curve(
                f"examples of {length} symbols",
                own["num_examples"],
                own["shortfall"],
                own["shortfall_se"],
                look,
            )
            for look, (length, own) in zip(SERIES, rows.groupby("length"), strict=False)
        ]
        panels.append(
            Panel(
                str(title),
                "examples in context, $n$",
                "accuracy short of knowing the concept",
                curves,
                x_scale="symlog2",
            )
        )
    return panels_figure(panels, page)


def caption(tables: Tables) -> str:
    """Say what is drawn, with the numbers of languages and prompts."""
    counts = tables["shortfalls"].iloc[0]
    return (
        "How far the accuracy of the exact Bayes predictor, after n examples in context, falls short of "
        "the accuracy of a predictor that is told the concept, on GINC-like languages. The scales of the "
        f"vertical axes differ. Means over {counts['worlds']} sets of 5 languages, {counts['prompts']} "
        "prompts each; error bars: two standard errors over the prompts; seed 0."
    )


FIGURE = PaperFigure(
    name="ginc",
    compute=compute,
    draw=draw,
    caption=caption,
)

if __name__ == "__main__":
    figure_script(FIGURE)
