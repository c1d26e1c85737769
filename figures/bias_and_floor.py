"""How does the strength of the weak model's bias change the naive floor?

And why is there no eta in it?
"""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

import w2s_sim as w2s
from w2s_sim.cli.progress import track
from w2s_sim.figures import Page, PaperFigure, Tables, figure_script
from w2s_sim.plotting import Curve, Panel, panels_figure
from w2s_sim.plotting.looks import DASHED, FLOOR, NAIVE, SERIES, SOURCE, WEAK_MODEL
from w2s_sim.statements.shared.regression_examples import canonical

BIASES = (0.2, 0.35, 0.7, 1.4)
RIDGES = (0.03, 0.1, 0.2, 0.43, 1.0, 2.0, 5.0, 15.0)
NUM_WEAK, REPLICATES, DRAFT_REPLICATES = 960, 2000, 50


def compute(fast: bool, seed: int) -> Tables:
    """Simulate the ridge path at four strengths of the bias, and the ridge that attains the floor."""
    replicates = DRAFT_REPLICATES if fast else REPLICATES
    # a^2 = ||beta_P - beta_Q||^2 of the canonical task.
    source_risk = float(w2s.squared_error(canonical(), w2s.LinearStudent(canonical().source_vector)))
    path, best, floors = [], [], []
    for bias in track(BIASES, lambda bias: f"bias {bias:g}"):
        task = canonical(bias=bias)
        students = {f"{ridge:g}": w2s.Ridge(ridge, num_weak=NUM_WEAK) for ridge in RIDGES}
        frame = w2s.compare(task, students, replicates=replicates, seed=seed)
        path.append(frame[["risk", "risk_se"]].assign(bias=bias, ridge=RIDGES))
        # The ridge that attains the floor as n grows; it comes from theory, not from simulated risks.
        nearest = w2s.Ridge(bias**2 / source_risk, num_weak=NUM_WEAK)
        frame = w2s.compare(task, {"best": nearest}, replicates=replicates, seed=seed)
        best.append(frame[["risk", "risk_se", "replicates"]].assign(bias=bias))
        floors.append({"bias": bias, "floor": float(w2s.naive_floor(task))})
    grid = np.geomspace(0.05, 5.0, 60)
    curve = pd.DataFrame(
        {"bias": grid, "floor": source_risk * grid**2 / (source_risk + grid**2), "weak": grid**2}
    )
    return {
        "path": pd.concat(path, ignore_index=True),
        "best": pd.concat(best, ignore_index=True),
        "floors": pd.DataFrame(floors),
        "theory": curve.assign(source=source_risk),
    }


def draw(tables: Tables, page: Page) -> Figure:
    """Draw the ridge paths above their floors, and the floor against the bias."""
    curves = []
    for look, (bias, floor) in zip(SERIES, tables["floors"].itertuples(index=False), strict=False):
        rows = tables["path"].loc[tables["path"]["bias"] == bias]
        label = f"$\\kappa$ = {bias:g}, floor {floor:.3f}"
        curves.append(Curve(label, rows["ridge"], rows["risk"], rows["risk_se"], look))
        curves.append(Curve("", (RIDGES[0], RIDGES[-1]), (floor, floor), look=look.as_line(DASHED)))
    best, theory = tables["best"], tables["theory"]
    y_label = "excess risk (squared label units)"
    panels = [
        Panel(
            "every $\\eta$ stays above its floor",
            "ridge to the source, $\\eta$",
            y_label,
            curves,
            x_scale="log",
            y_scale="log",
        ),
        Panel(
            "the floor levels off at the source's risk",
            "bias of the weak model, $\\kappa$ (label units)",
            y_label,
            [
                Curve(
                    "ridge $\\kappa^2/a^2$", best["bias"], best["risk"], best["risk_se"], NAIVE, joined=False
                ),
                Curve("floor $a^2\\kappa^2/(a^2+\\kappa^2)$", theory["bias"], theory["floor"], look=FLOOR),
                Curve(
                    "weak model, $\\kappa^2$",
                    theory["bias"],
                    theory["weak"],
                    look=WEAK_MODEL.as_line(WEAK_MODEL.dashes),
                ),
                Curve(
                    "source, $a^2$",
                    theory["bias"],
                    theory["source"],
                    look=SOURCE.as_line(SOURCE.dashes),
                ),
            ],
            x_scale="log",
            y_scale="log",
            y_limits=(1e-3, 5.0),
        ),
    ]
    return panels_figure(panels, page, legend="own")


def caption(tables: Tables) -> str:
    """Say what is drawn, with the number of replicates."""
    return (
        f"Canonical task, ridge to the source on n = {NUM_WEAK} weak pairs. (a) Excess risk against the "
        "ridge eta at four strengths kappa of the weak model's bias; dashed lines are the floors. (b) The "
        "floor against kappa, between the risk of the weak model and that of the source; points are the "
        "ridge kappa squared over a squared, which attains the floor as n grows. Error bars: two Monte "
        f"Carlo standard errors, {tables['best']['replicates'].iloc[0]:,} replicates, seed 0."
    )


FIGURE = PaperFigure(
    name="bias_and_floor",
    compute=compute,
    draw=draw,
    caption=caption,
)

if __name__ == "__main__":
    figure_script(FIGURE)
