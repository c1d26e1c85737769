"""Does a real language model read weak demonstrations as a Bayesian with a few concepts would?"""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from w2s_sim.empirical.language_model_tables import evidence_rows
from w2s_sim.figures import Page, PaperFigure, Tables, figure_script
from w2s_sim.language_models.evidence_growth import mean_curve, resampled_means
from w2s_sim.language_models.evidence_laws import (
    READERS,
    THEORY,
    copying,
    fit_reader,
    path_means,
    paths_of,
    reader_comparison,
)
from w2s_sim.plotting import looks
from w2s_sim.plotting.marks import legend_below
from w2s_sim.plotting.paper_page import label_axes, title_panels
from w2s_sim.plotting.style import BAR_STANDARD_ERRORS

QUARTER_STYLES = ("pirate", "json")
SHARES = {"half": 0.5, "a quarter": 0.25}
SHARE_LOOKS = {"half": looks.SERIES[5], "a quarter": looks.SERIES[6]}
SHOWN = (0, 1, 2, 4, 8, 16, 32)


def compute(fast: bool, seed: int) -> Tables:
    """Collect means of the kept tables, and what the fitted readers predict; nothing is sampled anew."""
    styles = []
    weak = evidence_rows()
    for style, rows in weak.groupby("style", sort=False):
        numbers, curve = mean_curve(rows, "style_log_odds")
        errors = resampled_means(rows, "style_log_odds", resamples=200, seed=seed).std(axis=0)
        columns = {"style": style, "n": numbers, "log_odds": curve, "log_odds_se": errors}
        styles.append(pd.DataFrame(columns))
    both = weak.loc[weak["style"].isin(QUARTER_STYLES)]
    fitted = fit_reader(READERS["fading evidence"], *copying(both))
    contents = []
    for name, rows in {"half": both, "a quarter": evidence_rows(quarter=True)}.items():
        events, said = copying(rows)
        for n in range(said.shape[1]):
            own = path_means(paths_of(rows).assign(said=said[:, n]), "said")
            contents.append(
                {
                    "wrong": name,
                    "n": n,
                    "bait": own.mean(),
                    "bait_se": own.std(ddof=1) / np.sqrt(len(own)),
                    "predicted": fitted.probabilities(events)[:, n].mean(),
                    "paths": len(own),
                }
            )
    return {
        "styles": pd.concat(styles, ignore_index=True),
        "contents": pd.DataFrame(contents),
        "readers": reader_comparison(weak),
    }


def draw(tables: Tables, page: Page) -> Figure:
    """Draw the evidence on the style, the expected errors, and the losses of the readers."""
    figure, (left, middle, right) = page.figure(3, height=2.5)
    _draw_styles(left, tables["styles"])
    _draw_contents(middle, tables["contents"])
    _draw_readers(right, tables["readers"])
    title_panels([left, middle, right], ["style", "content", "loss of readers"])
    styles = [str(style) for style in tables["styles"]["style"].unique()]
    others = [*(f"{name} wrong" for name in SHARES), "weak labels", "fading evidence"]
    legend_below(figure, [*styles, *others], most_columns=5)
    return figure


def _draw_styles(axes: Axes, table: pd.DataFrame) -> None:
    for look, (style, rows) in zip(looks.SERIES, table.groupby("style", sort=False), strict=False):
        rows = rows.loc[rows["n"].isin(SHOWN)]
        looks.draw_measured(axes, look, rows["n"], rows["log_odds"], rows["log_odds_se"], str(style))
    _number_axis(axes)
    label_axes(axes, "demonstrations, $n$", "log odds of the style (nats)")


def _draw_contents(axes: Axes, table: pd.DataFrame) -> None:
    for name, rows in table.groupby("wrong", sort=False):
        look = SHARE_LOOKS[str(name)]
        shown = rows.loc[rows["n"].isin(SHOWN)]
        looks.draw_measured(
            axes, look, shown["n"], shown["bait"], shown["bait_se"], f"{name} wrong", joined=False
        )
        later = rows.loc[rows["n"] >= 1]
        looks.draw_line(axes, look.as_line(looks.SOLID), later["n"], later["predicted"])
        axes.axhline(SHARES[str(name)], color=look.colour, linestyle=looks.NAIVE.as_line(looks.DASHED).dashes)
    looks.draw_line(axes, looks.THEORY.as_line(looks.SOLID), [], [], "fading evidence")
    looks.draw_line(axes, looks.THEORY.as_line(looks.DASHED), [], [], "weak labels")
    _number_axis(axes)
    axes.set_ylim(-0.02, 0.75)
    label_axes(axes, "demonstrations, $n$", "prob. of the wrong content")


def _draw_readers(axes: Axes, table: pd.DataFrame) -> None:
    places = np.arange(len(table))[::-1]
    others = (table["reader"] != THEORY).to_numpy()
    axes.errorbar(
        table["difference"].to_numpy()[others],
        places[others],
        xerr=BAR_STANDARD_ERRORS * table["difference_se"].to_numpy()[others],
        linestyle="none",
        marker="o",
        color=looks.SERIES[0].colour,
    )
    axes.plot([0.0], places[~others], looks.SOURCE.marker, color=looks.SOURCE.colour)
    axes.axvline(0.0, color=looks.SOURCE.colour, linewidth=0.8)
    axes.set_yticks(places, [str(name).replace(" ", "\n") for name in table["reader"]])
    axes.set_ylim(-0.5, len(table) - 0.5)
    label_axes(axes, "loss minus the theory's (nats)", "")


def _number_axis(axes: Axes) -> None:
    axes.set_xscale("symlog", base=2, linthresh=1.0)
    axes.set_xticks(SHOWN, [str(n) for n in SHOWN])
    axes.minorticks_off()


def caption(tables: Tables) -> str:
    """Return the caption."""
    paths = int(tables["contents"]["paths"].iloc[0])
    return f"""
        SmolLM2-135M-Instruct after $n$ weak demonstrations. Style: log odds that the right answer is written
        in the style of the demonstrations; half of these are wrong. Content: probability of the systematic
        wrong answer against the right one, if half or a quarter of the demonstrations is wrong (styles
        {" and ".join(QUARTER_STYLES)}); dashed: share of wrong labels, which naive fine-tuning learns; solid:
        a reader whose evidence fades, fitted where half are wrong alone. Readers: mean log loss on seeds that
        they were not fitted to, minus that of the theory's reader (cross), for whom one concept holds for all
        demonstrations. Means over {paths} paths of demonstrations a style; error bars: two standard errors,
        over paths, and over questions too for the style.
    """


FIGURE = PaperFigure(
    name="language_model_evidence",
    compute=compute,
    draw=draw,
    caption=caption,
    default_width="double",
)

if __name__ == "__main__":
    figure_script(FIGURE)
