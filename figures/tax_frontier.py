"""What does fine-tuning pay in content for the style that it gains, and what does refinement pay?"""

import numpy as np
import pandas as pd
from jaxtyping import Array, Float, Key
from matplotlib.axes import Axes
from matplotlib.figure import Figure

import w2s_sim as w2s
from w2s_sim.cli.progress import track
from w2s_sim.figures import Page, PaperFigure, Tables, figure_script
from w2s_sim.plotting.looks import LABELLER, LOWER_BOUND, NAIVE, REFINED, SOURCE, WEAK_MODEL, Look
from w2s_sim.plotting.marks import label_point
from w2s_sim.plotting.paper_page import label_axes
from w2s_sim.plotting.style import BAR_STANDARD_ERRORS
from w2s_sim.plotting.ticks import set_plain_ticks
from w2s_sim.statements.alignment_tax.style_block import relative_errors
from w2s_sim.verify.intervals import sample_summary

NUM_WEAK = 240
RIDGES = (0.003, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 100.0)
STEPS, STEP_SIZE = (2, 8, 20, 40), 0.05
SIZES, NAMED_SIZES = (1, 2, 4, 8, 16, 32), (1, 4, 8, 32)
LOOKS: dict[str, Look] = {
    "ridge to the source": NAIVE,
    "gradient descent": Look(NAIVE.colour, "o"),
    "refined labeller": LABELLER,
    "refined student": REFINED,
}


def shares(key: Key[Array, ""], data: w2s.WeakData, case: w2s.Case) -> Float[Array, "2"]:
    """Return squared style and content errors, as shares of the source's and of the weak model's."""
    student = case.estimator.fit(case.task.source, data, key=key)
    return relative_errors(case.task, student.coefficients - case.task.target_vector)


def methods() -> dict[tuple[str, float], w2s.Estimator]:
    """Return the estimators by the name of their path and their parameter on it."""
    found: dict[tuple[str, float], w2s.Estimator] = {}
    for ridge in RIDGES:
        found["ridge to the source", ridge] = w2s.Ridge(ridge, num_weak=NUM_WEAK)
    for steps in STEPS:
        found["gradient descent", steps] = w2s.GradientDescent(steps, STEP_SIZE, num_weak=NUM_WEAK)
    for size in SIZES:
        found["refined labeller", size] = w2s.InContext(size)
        rest = w2s.LeastSquares(num_weak=NUM_WEAK - size)
        found["refined student", size] = w2s.Refinement(size, rest)
    return found


def compute(fast: bool, seed: int) -> Tables:
    """Measure the two errors of every student, as shares of what source and weak model err."""
    task, replicates, rows = w2s.canonical_task(), 512 if fast else 4096, []
    for (path, parameter), estimator in track(
        list(methods().items()), lambda step: f"{step[0][0]} {step[0][1]:g}"
    ):
        case = w2s.Case(path, task, estimator)
        values = w2s.replicate(w2s.FromWeakData(shares), case, seed=seed, start=0, stop=replicates)
        row: dict[str, object] = {"path": path, "parameter": parameter, "replicates": replicates}
        for name, column in zip(("style", "content"), values.T, strict=True):
            mean, error = sample_summary(column)
            # The error of the root is the error of the mean square, divided by the derivative of the square.
            row |= {name: np.sqrt(mean), f"{name}_se": error / (2.0 * np.sqrt(mean))}
        rows.append(row)
    return {"students": pd.DataFrame(rows)}


def draw(tables: Tables, page: Page) -> Figure:
    """Draw the plane of the two errors, with the line that no fine-tuned student gets below."""
    figure, (axes,) = page.figure(height=0.9 * page.width if page.is_single else 4.5)
    axes.plot([0.0, 1.0], [1.0, 0.0], color=LOWER_BOUND.colour, linestyle=LOWER_BOUND.dashes, zorder=2)
    axes.fill_between([0.0, 1.0], [1.0, 0.0], color=LOWER_BOUND.colour, alpha=0.06, linewidth=0)
    for path, look in LOOKS.items():
        dots = tables["students"].loc[tables["students"]["path"] == path]
        axes.errorbar(
            dots["style"],
            dots["content"],
            xerr=BAR_STANDARD_ERRORS * dots["style_se"],
            yerr=BAR_STANDARD_ERRORS * dots["content_se"],
            color=look.colour,
            marker=look.marker,
            linestyle="-",
            linewidth=0.7,
            label=path,
            zorder=3,
        )
    axes.plot(
        1.0, 0.0, SOURCE.marker, color=SOURCE.colour, ms=6, label="strong model", zorder=4, clip_on=False
    )
    axes.plot(
        0.0,
        1.0,
        WEAK_MODEL.marker,
        color=WEAK_MODEL.colour,
        ms=6,
        label="weak model",
        zorder=4,
        clip_on=False,
    )
    _write_names(axes, tables["students"])
    for axis in (axes.xaxis, axes.yaxis):
        set_plain_ticks(axis, most=5)
    label_axes(axes, "style error (share of the strong model's)", "content error (share of the weak model's)")
    axes.set(xlim=(-0.03, 1.18), ylim=(-0.05, 1.18), aspect="equal")
    axes.legend(loc="upper right")
    return figure


def _write_names(axes: Axes, students: pd.DataFrame) -> None:
    """Write the numbers of demonstrations beside the refined students, and the claim into the triangle."""
    named = students.loc[(students["path"] == "refined student") & students["parameter"].isin(NAMED_SIZES)]
    for row in named.to_dict("records"):
        text = f"{'n = ' * (row['parameter'] == SIZES[0])}{row['parameter']:g}"
        label_point(axes, text, row["style"], row["content"], REFINED.ink, 0, 3)
    label_point(axes, "no fine-tuned student\nlies below this line", 0.03, 0.4, LOWER_BOUND.ink, 1, 0)


def caption(tables: Tables) -> str:
    """Return the caption."""
    replicates = int(tables["students"]["replicates"].iloc[0])
    return f"""
        Style and content error of students of the canonical task ($d = 8$, $K = 4$): root mean squared
        errors on the coordinates in which strong model and target differ (style) and on the others
        (content), as shares of the strong model's style error and of the weak model's content error.
        Dashed: the alignment tax, below which no fine-tuned student lies. Fine-tuned on {NUM_WEAK} weak
        labels: ridge to the source with $\\eta$ from {RIDGES[0]:g} to {RIDGES[-1]:g} and {STEPS[0]} to
        {STEPS[-1]} steps of gradient descent of size {STEP_SIZE:g}. Refined: the labeller after $n$
        demonstrations in context, $n$ = {SIZES[0]} to {SIZES[-1]}, and a student fitted on its labels,
        {NUM_WEAK} weak labels in all. Bars: 2 standard errors of {replicates:,} replicates, seed
        {FIGURE.seed}.
    """


FIGURE = PaperFigure(
    name="tax_frontier",
    compute=compute,
    draw=draw,
    caption=caption,
    default_width="single",
)

if __name__ == "__main__":
    figure_script(FIGURE)
