"""Do published scores of language models move as the theory says, in style and in content?"""

import itertools

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from w2s_sim.experiments.llm_scores import REFINED, fit_mixture, llm_scores, predict_scores
from w2s_sim.figures import Page, PaperFigure, Tables, figure_script
from w2s_sim.plotting import looks
from w2s_sim.plotting.marks import legend_below
from w2s_sim.plotting.paper_page import label_axes, title_panels
from w2s_sim.plotting.style import BAR_STANDARD_ERRORS, GREY
from w2s_sim.plotting.ticks import set_plain_ticks

STRONG = "gpt-3.5-turbo"
BENCHMARKS = {"tinyTruthfulQA": "TruthfulQA", "tinyAlpacaEval": "AlpacaEval", "tinyMMLU": "MMLU"}
# Methods of the published table, in the order of the arrows, and the looks of their points.
LOOKS = {"weak_model": looks.WEAK_MODEL, "ft_weak": looks.NAIVE, REFINED: looks.REFINED}
NAMES = {
    "strong_unaligned": "strong model",
    "weak_model": "weak model",
    "ft_weak": "fine-tuned on its labels",
    REFINED: "fine-tuned on refined labels",
}


def compute(fast: bool, seed: int) -> Tables:
    """Collect the published scores and what the fitted mixture predicts; nothing is sampled."""
    scores = llm_scores()
    picture = fit_mixture(scores)
    of_strong = scores["strong_model"].isin([STRONG, "none"]) & scores["benchmark"].isin(BENCHMARKS)
    chosen = scores.loc[
        of_strong & scores["method"].isin(NAMES) & scores["metric"].isin(["style", "content"])
    ]
    predicted = predict_scores(scores, picture)
    refined = (predicted["method"] == REFINED) & (predicted["strong_model"] == STRONG)
    predicted = predicted.loc[refined & predicted["benchmark"].isin(BENCHMARKS)]
    fit = {"log_odds": picture.log_odds, "separation": picture.separation, "rendering": picture.rendering}
    return {
        "scores": _side_by_side(chosen, "mean", "se"),
        "predicted": _side_by_side(predicted, "predicted", "predicted_se"),
        "fit": pd.DataFrame([fit]),
    }


def _side_by_side(rows: pd.DataFrame, value: str, error: str) -> pd.DataFrame:
    """Return a table with style and content of an arm in one row, each with its standard error."""
    wide = rows.pivot_table(
        index=["benchmark", "weak_model", "method"], columns="metric", values=[value, error]
    )
    columns = {"style": wide[value]["style"], "style_se": wide[error]["style"]}
    return pd.DataFrame(
        columns | {"content": wide[value]["content"], "content_se": wide[error]["content"]}
    ).reset_index()


def draw(tables: Tables, page: Page) -> Figure:
    """Draw a plane of the two scores for every benchmark, with arrows from weak to refined."""
    figure, panels = page.figure(len(BENCHMARKS), share_y=True, height=2.6)
    for axes, benchmark in zip(panels, BENCHMARKS, strict=True):
        scores, predicted = (
            tables[name].loc[tables[name]["benchmark"] == benchmark] for name in ("scores", "predicted")
        )
        for weak_model in predicted["weak_model"]:
            _draw_arrows(axes, scores.loc[scores["weak_model"] == weak_model])
        for method, look in {"strong_unaligned": looks.SOURCE, **LOOKS}.items():
            _draw_points(axes, scores.loc[scores["method"] == method], look, NAMES[method])
        _draw_misses(axes, scores, predicted)
        axes.plot(
            predicted["style"],
            predicted["content"],
            looks.REFINED.marker,
            mfc="none",
            mec="black",
            mew=0.7,
            ms=4.5,
            ls="none",
            label="refined, predicted",
            zorder=4,
        )
        axes.set(xlim=(1, 10), ylim=(1, 9.5))
        label_axes(axes, "style score", "content score" if page.is_single or axes is panels[0] else "")
        set_plain_ticks(axes.xaxis, most=5)
        set_plain_ticks(axes.yaxis, most=5)
    title_panels(panels, list(BENCHMARKS.values()))
    legend_below(figure, [*NAMES.values(), "refined, predicted"], most_columns=3)
    return figure


def _draw_arrows(axes: Axes, arms: pd.DataFrame) -> None:
    """Draw the arrows of one weak model: to the student of its labels, and to that of refined labels."""
    places = [arms.loc[arms["method"] == method, ["style", "content"]].to_numpy()[0] for method in LOOKS]
    for start, end in itertools.pairwise(places):
        arrow = {
            "arrowstyle": "-|>",
            "lw": 0.6,
            "color": GREY,
            "shrinkA": 3,
            "shrinkB": 3,
            "mutation_scale": 5,
        }
        axes.annotate("", end, start, arrowprops=arrow, zorder=2)


def _draw_misses(axes: Axes, scores: pd.DataFrame, predicted: pd.DataFrame) -> None:
    """Join every prediction with the refined score that was measured."""
    measured = scores.loc[scores["method"] == REFINED].merge(
        predicted, on="weak_model", suffixes=("", "_predicted")
    )
    for row in measured.to_dict("records"):
        ends = [(row[name], row[f"{name}_predicted"]) for name in ("style", "content")]
        axes.plot(*ends, color="black", linewidth=0.6, linestyle=":", zorder=2)


def _draw_points(axes: Axes, arms: pd.DataFrame, look: looks.Look, name: str) -> None:
    axes.errorbar(
        arms["style"],
        arms["content"],
        xerr=BAR_STANDARD_ERRORS * arms["style_se"],
        yerr=BAR_STANDARD_ERRORS * arms["content_se"],
        color=look.colour,
        marker=look.marker,
        linestyle="none",
        elinewidth=0.6,
        label=name,
        zorder=3,
    )


def caption(tables: Tables) -> str:
    """Return the caption."""
    fit = tables["fit"].iloc[0]
    return f"""
        Published scores of {STRONG} (Somerstep et al. 2025, arXiv 2405.16236; judged 1 to 10), style against
        content. Arrows lead from each of four weak models to the student fine-tuned on its labels, and to the
        student fine-tuned on labels that the strong model refined in context. Hollow, joined with the
        measured scores by dots: predictions for refined labels from a mixture of two concepts, with the
        strong model's content and a style that has log odds {fit["log_odds"]:.2f} + {fit["separation"]:.2f}
        $n\\rho$ for $n$ demonstrations of style $\\rho$; its two numbers are fitted to the refined styles of
        TruthfulQA alone. Bars: 2 standard errors over the questions of a benchmark; nothing is sampled, so
        that no seed matters.
    """


FIGURE = PaperFigure(
    name="published_scores",
    compute=compute,
    draw=draw,
    caption=caption,
    default_width="double",
)

if __name__ == "__main__":
    figure_script(FIGURE)
