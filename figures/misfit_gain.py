"""Does projecting a weak student on the hull of the concepts gain at least the misfit?"""

import jax.numpy as jnp
import pandas as pd
from jaxtyping import Array, Float, Key
from matplotlib.figure import Figure

import w2s_sim as w2s
from w2s_sim.cli.progress import track
from w2s_sim.figures import Page, PaperFigure, Tables, figure_script
from w2s_sim.plotting.looks import LOWER_BOUND, PROJECTED, WEAK_MODEL, draw_line
from w2s_sim.plotting.marks import label_point
from w2s_sim.plotting.paper_page import label_axes
from w2s_sim.plotting.style import BAR_STANDARD_ERRORS
from w2s_sim.plotting.ticks import set_plain_ticks
from w2s_sim.statements.hull_misfit.claim import erring_weak_model
from w2s_sim.statements.hull_misfit.lemmas import beside_the_hull
from w2s_sim.statements.hull_misfit.projections import squared_norm
from w2s_sim.verify.intervals import sample_summary

NUM_WEAK = 60
# Sizes of the random errors of weak models, and distances of targets from the hull.
SIZES, DISTANCES, TASKS_OF_A_SIZE = (0.4, 0.6, 0.8, 1.0, 1.2), (0.1, 0.25, 0.4, 0.55, 0.7), 5


def misfit_and_gain(key: Key[Array, ""], data: w2s.WeakData, case: w2s.Case) -> Float[Array, "2"]:
    """Return a weak student's squared distance from its projection, and the error that projecting removes."""
    task, source = case.task, case.task.source
    assert isinstance(case.estimator, w2s.HullProjection)
    weak = case.estimator.student.fit(source, data, key=key).coefficients
    projected = case.estimator.fit(source, data, key=key).coefficients
    errors = [squared_norm(task, student - task.target_vector) for student in (weak, projected)]
    return jnp.stack([squared_norm(task, weak - projected), errors[0] - errors[1]])


def compute(fast: bool, seed: int) -> Tables:
    """Measure misfit and gain for random weak models, and for targets beside the hull."""
    tasks = [
        ("in the hull", size, erring_weak_model(seed_of_task, size=size))
        for seed_of_task, size in enumerate(SIZES * TASKS_OF_A_SIZE)
    ]
    tasks += [("beside the hull", distance, beside_the_hull(distance)) for distance in DISTANCES]
    projection = w2s.HullProjection(w2s.LeastSquares(num_weak=NUM_WEAK))
    replicates, rows = 128 if fast else 2048, []
    for target, size, task in track(tasks, lambda step: f"target {step[0]}, {step[1]:g}"):
        case = w2s.Case("", task, projection)
        values = w2s.replicate(w2s.FromWeakData(misfit_and_gain), case, seed=seed, start=0, stop=replicates)
        (misfit, misfit_se), (gain, gain_se) = (sample_summary(column) for column in values.T)
        rows.append(
            {
                "target": target,
                "size": size,
                "misfit": misfit,
                "misfit_se": misfit_se,
                "gain": gain,
                "gain_se": gain_se,
            }
        )
    return {"students": pd.DataFrame(rows).assign(replicates=replicates)}


def draw(tables: Tables, page: Page) -> Figure:
    """Draw gain against misfit, with the line on which they are equal."""
    figure, (axes,) = page.figure(height=0.85 * page.width if page.is_single else 4.0)
    students = tables["students"]
    for target, look in (("in the hull", PROJECTED), ("beside the hull", WEAK_MODEL)):
        rows = students.loc[students["target"] == target]
        axes.errorbar(
            rows["misfit"],
            rows["gain"],
            xerr=BAR_STANDARD_ERRORS * rows["misfit_se"],
            yerr=BAR_STANDARD_ERRORS * rows["gain_se"],
            color=look.colour,
            marker=look.marker,
            linestyle="none",
            label=f"target {target}",
        )
    highest = 1.05 * max(students["gain"])
    draw_line(axes, LOWER_BOUND, [0.0, highest], [0.0, highest])
    label_point(axes, "gain = misfit", 0.75 * highest, 0.75 * highest, LOWER_BOUND.ink, 4, -2)
    label_axes(axes, "misfit (squared label units)", "gain (squared label units)")
    set_plain_ticks(axes.xaxis, most=5)
    set_plain_ticks(axes.yaxis, most=5)
    axes.legend()
    return figure


def caption(tables: Tables) -> str:
    """Return the caption."""
    students = tables["students"]
    return f"""
        Weak students projected on the hull of the strong model's concepts. Misfit: squared distance between
        student and projection, which needs no true label. Gain: squared error of the student minus that of
        its projection. Students: least squares on {NUM_WEAK} weak labels, $d = 8$, $K = 4$. Triangles:
        {(students["target"] == "in the hull").sum()} tasks with a random mixed target and weak concepts that
        err by {SIZES[0]:g} to {SIZES[-1]:g} in random directions; the theorem places them on or above the
        line. Crosses: the assumption that the target lies in the hull is broken; the target of the canonical
        task is moved out of the hull towards the weak model, by {DISTANCES[0]:g} (top) to {DISTANCES[-1]:g}
        (bottom). Bars: 2 standard errors of {int(students["replicates"].iloc[0]):,} replicates, seed
        {FIGURE.seed}.
    """


FIGURE = PaperFigure(
    name="misfit_gain",
    compute=compute,
    draw=draw,
    caption=caption,
    default_width="single",
)

if __name__ == "__main__":
    figure_script(FIGURE)
