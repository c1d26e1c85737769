"""Style and content: refinement in finite tables, and published scores against the fitted mixture.

Run from anywhere: python figures/style_and_content.py [FOLDER]   (figures/gallery by default)
"""

import sys
from pathlib import Path

import numpy as np

from w2s_sim.experiments.llm_scores import fit_mixture, llm_scores, refined_styles
from w2s_sim.experiments.style_content_study import deterministic_errors, refined_errors, style_content_task
from w2s_sim.plotting import Curve, Panel, curves_table, panels_figure, save_figure

SIZES = (1, 2, 3, 4, 8, 16, 32)
WEIGHTS = np.linspace(0.0, 1.0, 21)
REPLICATES = 2000
BENCHMARKS = {
    "tinyTruthfulQA": "TruthfulQA (fitted)",
    "tinyAlpacaEval": "AlpacaEval (predicted)",
    "tinyMMLU": "MMLU (predicted)",
    "chatgpt_questions_test": "analogies (predicted)",
}
STRONG = "gpt-3.5-turbo"


def main(folder: Path) -> None:
    """Simulate, fit, draw and write the figure."""
    task = style_content_task()
    table = refined_errors(task, SIZES, replicates=REPLICATES)
    print(table.round(4).T)
    curves = [
        Curve(label, SIZES, table[name].tolist(), table[f"{name}_se"].tolist())
        for label, name in (("style error", "style_error"), ("content error", "content_error"))
    ]
    weak = deterministic_errors(task, [0.0, 1.0])
    levels = {
        "style error, unaligned": float(weak["style_error"].iloc[0]),
        "content error, weak model": float(weak["content_error"].iloc[1]),
    }
    # Each point has the colour of the curve with which it is to be compared.
    ends = (SIZES[0], SIZES[-1])
    curves += [Curve(label, ends, (level,) * 2, like=k) for k, (label, level) in enumerate(levels.items())]
    refined = Panel(
        "refined in one context",
        "weak demonstrations, $n$",
        "total variation",
        curves,
        x_scale="log2",
        y_limits=(-0.03, 1.0),
    )
    path = deterministic_errors(task, WEIGHTS.tolist())
    plane = Panel(
        "what style costs in content",
        "style error",
        "content error",
        [
            Curve(
                "student of refined labels, $n$ = 1 to 32",
                table["student_style_error"].tolist(),
                table["student_content_error"].tolist(),
                table["student_content_error_se"].tolist(),
            ),
            Curve("naive fine-tuning", path["style_error"].tolist(), path["content_error"].tolist()),
        ],
    )
    published = _published()
    panels = [refined, plane, published]
    note = (
        f"Left, middle: tables, {REPLICATES:,} replicates. Right: scores of arXiv 2405.16236, {STRONG}, one "
        "point a weak model, two standard errors over questions."
    )
    figure = panels_figure(panels, note)
    print("wrote", save_figure(figure, curves_table(panels), folder, "style_and_content"))


def _published() -> Panel:
    scores = llm_scores()
    picture = fit_mixture(scores)
    styles = refined_styles(scores, picture.rendering)
    styles = styles.loc[styles["strong_model"] == STRONG]
    curves = []
    for benchmark, label in BENCHMARKS.items():
        rows = styles.loc[styles["benchmark"] == benchmark]
        unaligned = rows["unaligned"].to_numpy()
        span = picture.rendering - unaligned
        curves.append(
            Curve(
                label,
                rows["evidence"].tolist(),
                ((rows["style"].to_numpy() - unaligned) / span).tolist(),
                (rows["style_se"].to_numpy() / span).tolist(),
                joined=False,
            )
        )
    evidence = np.linspace(-0.7, 4.1, 100)
    curves.append(Curve("mixture of two concepts", evidence.tolist(), picture.share(evidence).tolist()))
    return Panel(
        "published styles beside the mixture",
        "demonstrations times style of the weak model, $n\\rho$",
        "share of the way to the wanted style",
        curves,
        y_limits=(-0.2, 1.1),
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent / "gallery")
