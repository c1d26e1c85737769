"""Does refinement take over the weak model's style without its content?"""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from w2s_sim.experiments.llm_scores import fit_mixture, llm_scores, refined_styles
from w2s_sim.experiments.style_content_study import deterministic_errors, refined_errors, style_content_task
from w2s_sim.figures import Page, PaperFigure, Tables, figure_script
from w2s_sim.plotting import Curve, Panel, panels_figure
from w2s_sim.plotting.looks import DASHED, DOTTED, NAIVE, REFINED, SERIES, THEORY

SIZES = (1, 2, 3, 4, 8, 16, 32)
WEIGHTS = np.linspace(0.0, 1.0, 21)
REPLICATES, DRAFT_REPLICATES = 2000, 50
BENCHMARKS = {
    "tinyTruthfulQA": "TruthfulQA (fitted)",
    "tinyAlpacaEval": "AlpacaEval (predicted)",
    "tinyMMLU": "MMLU (predicted)",
    "chatgpt_questions_test": "analogies (predicted)",
}
STRONG = "gpt-3.5-turbo"
STYLE, CONTENT = SERIES[:2]


def compute(fast: bool, seed: int) -> Tables:
    """Simulate refinement in tables, and fit the mixture of two concepts to published scores."""
    task = style_content_task()
    replicates = DRAFT_REPLICATES if fast else REPLICATES
    errors = refined_errors(task, SIZES, replicates=replicates, seed=seed)
    path = deterministic_errors(task, WEIGHTS.tolist())
    scores = llm_scores()
    picture = fit_mixture(scores)
    styles = refined_styles(scores, picture.rendering)
    styles = styles.loc[(styles["strong_model"] == STRONG) & styles["benchmark"].isin(BENCHMARKS)]
    span = picture.rendering - styles["unaligned"]
    evidence = np.linspace(-0.7, 4.1, 100)
    published = styles[["benchmark", "evidence"]].assign(
        share=(styles["style"] - styles["unaligned"]) / span, share_se=styles["style_se"] / span
    )
    return {
        "refined": errors.reset_index(drop=True).assign(num_demonstrations=SIZES, replicates=replicates),
        "naive": path.reset_index(drop=True).assign(weight=WEIGHTS),
        "published": published.reset_index(drop=True),
        "mixture": pd.DataFrame({"evidence": evidence, "share": np.asarray(picture.share(evidence))}),
    }


def draw(tables: Tables, page: Page) -> Figure:
    """Draw the errors of refinement, the plane of both errors, and the published styles."""
    refined, naive = tables["refined"], tables["naive"]
    size = refined["num_demonstrations"]
    ends = (SIZES[0], SIZES[-1])
    # The source without any weak labels, and the student that imitates the weak model.
    unaligned, weak = naive["style_error"].iloc[0], naive["content_error"].iloc[-1]
    errors = Panel(
        "refined in one context",
        "weak demonstrations, $n$",
        "total variation",
        [
            Curve("style error", size, refined["style_error"], refined["style_error_se"], STYLE),
            Curve("style error, unaligned", ends, (unaligned,) * 2, look=STYLE.as_line(DASHED)),
            Curve("content error", size, refined["content_error"], refined["content_error_se"], CONTENT),
            Curve("content error, weak model", ends, (weak,) * 2, look=CONTENT.as_line(DOTTED)),
        ],
        x_scale="log2",
        y_limits=(-0.03, None),
    )
    plane = Panel(
        "what style costs in content",
        "style error",
        "content error",
        [
            Curve("naive fine-tuning", naive["style_error"], naive["content_error"], look=NAIVE.as_line("-")),
            Curve(
                "student of refined labels, $n$ = 1 to 32",
                refined["student_style_error"],
                refined["student_content_error"],
                refined["student_content_error_se"],
                REFINED,
            ),
        ],
    )
    curves = []
    for look, (benchmark, label) in zip(SERIES, BENCHMARKS.items(), strict=False):
        rows = tables["published"].loc[tables["published"]["benchmark"] == benchmark]
        curves.append(Curve(label, rows["evidence"], rows["share"], rows["share_se"], look, joined=False))
    mixture = tables["mixture"]
    curves.append(Curve("mixture of two concepts", mixture["evidence"], mixture["share"], look=THEORY))
    published = Panel(
        "published styles, and the mixture",
        "demonstrations times weak style, $n\\rho$",
        "share of the way to the wanted style",
        curves,
    )
    return panels_figure([errors, plane, published], page, legend="own")


def caption(tables: Tables) -> str:
    """Say what is drawn, with the number of replicates."""
    return (
        "(a) Style and content errors after n weak demonstrations in one context, with the errors of the "
        "source and of the weak model. (b) Students of refined labels in the plane of both errors, below "
        "the path of naive fine-tuning from the source to the weak model. Tables of the style-and-content "
        f"task, error bars: two Monte Carlo standard errors, {tables['refined']['replicates'].iloc[0]:,} "
        f"replicates, seed 0. (c) Published scores of arXiv 2405.16236 for {STRONG}, one point a weak "
        "model, and the mixture of two concepts fitted to TruthfulQA alone; error bars: two standard "
        "errors over the questions."
    )


FIGURE = PaperFigure(
    name="style_and_content",
    compute=compute,
    draw=draw,
    caption=caption,
)

if __name__ == "__main__":
    figure_script(FIGURE)
