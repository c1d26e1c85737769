"""What does a student gain over its teacher when their features overlap less?"""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

import w2s_sim as w2s
from w2s_sim.cli.progress import track
from w2s_sim.figures import Page, PaperFigure, Tables, figure_script
from w2s_sim.plotting import Curve, Panel, panels_figure
from w2s_sim.plotting.looks import DASHED, SERIES
from w2s_sim.statements.subspace_variance.claim import student_risk

DIM, WEAK_DIM, STRONG_DIM, NUM_TRUE = 11, 6, 6, 24
OVERLAPS = (1.0, 2.0, 3.0, 4.0, 5.0, 6.0)
SIZES = (13, 20, 80)
REPLICATES, DRAFT_REPLICATES = 4000, 100


def task_of(overlap: float) -> w2s.CapacityTask:
    """Return a task whose models have six features each and can both express the target."""
    return w2s.capacity_task(DIM, WEAK_DIM, STRONG_DIM, overlap, num_true=NUM_TRUE)


def compute(fast: bool, seed: int) -> Tables:
    """Simulate the gap recovered at several overlaps and sample sizes, and compute its exact mean."""
    replicates = DRAFT_REPLICATES if fast else REPLICATES
    measured, exact = [], []
    students = {f"{size}": w2s.LeastSquares(num_weak=size) for size in SIZES}
    for overlap in track(OVERLAPS, lambda overlap: f"overlap {overlap:g}"):
        frame = w2s.compare(task_of(overlap), students, replicates=replicates, seed=seed)
        measured.append(frame[["pgr", "pgr_se", "replicates"]].assign(overlap=overlap, num_weak=SIZES))
    for overlap in np.linspace(OVERLAPS[0], OVERLAPS[-1], 20).tolist():
        task = task_of(overlap)
        for size in SIZES:
            risk = float(student_risk(w2s.Case("", task, w2s.LeastSquares(num_weak=size))))
            gain = float(w2s.performance_gap_recovered(risk, task.weak_risk))
            exact.append({"overlap": overlap, "num_weak": size, "pgr": gain})
    return {"measured": pd.concat(measured, ignore_index=True), "exact": pd.DataFrame(exact)}


def draw(tables: Tables, page: Page) -> Figure:
    """Draw the gain over the teacher against the overlap, the exact line through the simulated points."""
    measured, exact = tables["measured"], tables["exact"]
    points, lines = [], []
    for size, look in zip(SIZES, SERIES, strict=False):
        rows = measured.loc[measured["num_weak"] == size]
        points.append(
            Curve(f"$N$ = {size}", rows["overlap"], rows["pgr"], rows["pgr_se"], look, joined=False)
        )
        rows = exact.loc[exact["num_weak"] == size]
        lines.append(Curve("", rows["overlap"], rows["pgr"], look=look.as_line(DASHED)))
    panel = Panel(
        "",
        "capacity overlap of both models' features",
        "teacher's risk removed (share)",
        [*points, *lines],
        y_limits=(-0.15, 1.0),
    )
    return panels_figure([panel], page, legend="own")


def caption(tables: Tables) -> str:
    """Say what is drawn, with the number of replicates."""
    return (
        "Share of the teacher's mean risk that a student removes, by least squares on N labels of the "
        f"teacher. Both models have {WEAK_DIM} features and can express the target; the teacher has "
        f"{NUM_TRUE} true pairs. Dashed lines: the exact mean of subspace-variance. At N = 13, one more than "
        "twice the strong features, nothing is gained at any overlap, and with the same features (overlap 6) "
        "at no N. Error bars: two Monte Carlo standard errors, "
        f"{tables['measured']['replicates'].iloc[0]:,} replicates, seed 0."
    )


FIGURE = PaperFigure(
    name="capacity_overlap",
    compute=compute,
    draw=draw,
    caption=caption,
    default_width="single",
)

if __name__ == "__main__":
    figure_script(FIGURE)
