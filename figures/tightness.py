"""How much does each theorem's bound lose, at every case that the battery checks?"""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from w2s_sim.cli.progress import report_row
from w2s_sim.figures import Page, PaperFigure, Tables, figure_script
from w2s_sim.figures.battery_verdicts import battery_verdicts
from w2s_sim.plotting.looks import Look
from w2s_sim.plotting.marks import legend_below
from w2s_sim.plotting.paper_page import label_axes
from w2s_sim.plotting.style import BLACK, BLUE, GREEN, ORANGE
from w2s_sim.plotting.ticks import set_plain_ticks

# Looks of the kinds of claims; an exact exponent is a claim of equality.
LOOKS = {
    "upper": Look(BLUE, "o"),
    "lower": Look(ORANGE, "s"),
    "equality": Look(GREEN, "^"),
    "rate": Look(GREEN, "^"),
}
NAMES = {"upper": "upper bound", "lower": "lower bound", "equality": "equality or exact rate"}
JUDGED = ("consistent", "certified")
# Part of the distance between two theorems over which the cases of a theorem are spread.
SPREAD = 0.7


def compute(fast: bool, seed: int) -> Tables:
    """Run the battery, and divide what was measured at the cases of each theorem by its bound."""
    verdicts = battery_verdicts(fast, seed, report_row)
    cases = verdicts.loc[verdicts["role"] == "theorem"]
    columns = ["theorem", "case", "kind", "measured", "ci_low", "ci_high", "bound", "verdict", "replicates"]
    return {"cases": cases[columns].reset_index(drop=True)}


def ratios_of(cases: pd.DataFrame) -> pd.DataFrame:
    """Return the cases with a positive ratio; `low` and `high` are the ends of the ratio's interval."""
    bound, measured = cases["bound"].to_numpy(), cases["measured"].to_numpy()
    # A bound of zero, and a negative lower bound on a square, have no ratio on a logarithmic axis.
    shown = cases.loc[np.isfinite(bound) & np.isfinite(measured) & (bound * measured > 0)]
    ends = shown[["ci_low", "ci_high"]].to_numpy() / shown[["bound"]].to_numpy()
    ratio = shown["measured"] / shown["bound"]
    return shown.assign(ratio=ratio, low=ends.min(axis=1), high=ends.max(axis=1))


def draw(tables: Tables, page: Page) -> Figure:
    """Draw measured / bound of every case, one row of points for each theorem."""
    cases = tables["cases"]
    theorems = list(dict.fromkeys(cases["theorem"]))
    figure, (axes,) = page.figure(height=0.9 + 0.24 * len(theorems))
    shown = ratios_of(cases)
    axes.set_xscale("log")
    axes.axvline(1.0, color=BLACK, linewidth=0.8)
    axes.set_xlim(0.8 * min(shown["ratio"]), 1.25 * max(shown["ratio"]))
    for level, theorem in enumerate(reversed(theorems)):
        _draw_theorem(axes, shown.loc[shown["theorem"] == theorem].sort_values("ratio"), level)
    axes.set_yticks(range(len(theorems)), theorems[::-1])
    axes.set_ylim(-0.6, len(theorems) - 0.4)
    axes.grid(visible=False, axis="y")
    set_plain_ticks(axes.xaxis)
    label_axes(axes, "measured / bound", "")
    for kind, name in NAMES.items():
        axes.plot([], [], LOOKS[kind].marker, color=LOOKS[kind].colour, label=name)
    axes.plot([], [], "o", color=BLACK, markerfacecolor="white", label="undecided")
    legend_below(figure, most_columns=2)
    return figure


def _draw_theorem(axes: Axes, rows: pd.DataFrame, level: int) -> None:
    """Draw the cases of a theorem, in the order of their ratios from the lower to the upper edge of a row."""
    places = level + SPREAD * (np.arange(len(rows)) + 0.5 - len(rows) / 2) / max(len(rows), 6)
    left, right = axes.get_xlim()
    for place, row in zip(places, rows.to_dict("records"), strict=True):
        look = LOOKS[row["kind"]]
        axes.hlines(place, max(row["low"], left), min(row["high"], right), color=look.colour, linewidth=0.6)
        face = look.colour if row["verdict"] in JUDGED else "white"
        axes.plot(row["ratio"], place, look.marker, color=look.colour, markerfacecolor=face, ms=2.8, mew=0.7)


def caption(tables: Tables) -> str:
    """Return the caption."""
    cases, shown = tables["cases"], ratios_of(tables["cases"])
    return f"""
        Measured value divided by the bound of the theorem, at {len(shown)} cases of
        {cases["theorem"].nunique()} theorems (preset quick; {len(cases) - len(shown)} further cases have no
        positive ratio). An upper bound holds left of the line and a lower bound right of it; on the line
        nothing is lost. Hollow: the interval contains the bound, or the bound is no better than a trivial
        one, or an assumption does not hold. Bars: confidence sequences that hold for all rows of the
        battery at once with probability 0.999; values computed exactly have none. Up to
        {cases["replicates"].max():,} replicates a case, seed {FIGURE.seed}.
    """


FIGURE = PaperFigure(
    name="tightness",
    compute=compute,
    draw=draw,
    caption=caption,
    default_width="single",
)

if __name__ == "__main__":
    figure_script(FIGURE)
