"""How do the students behave if the target lies outside the convex hull of the concepts?"""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

import w2s_sim as w2s
from w2s_sim.cli.progress import track
from w2s_sim.figures import Page, PaperFigure, Tables, figure_script
from w2s_sim.plotting import Curve, Panel, panels_figure
from w2s_sim.plotting.looks import DASH_DOT, FLOOR, LABELLER, NAIVE, PROJECTED, THEORY
from w2s_sim.statements.shared.regression_examples import canonical

DISTANCES = (0.0, 0.1, 0.2, 0.35, 0.5, 0.7, 1.0)
REPLICATES, DRAFT_REPLICATES = 8000, 100
# Coordinates of the target's shift: along the weak model's error, and orthogonal to it.
DIRECTIONS = {"towards the weak model": 7, "across its bias": 4}
STUDENTS = {
    "least squares on 240 weak labels": w2s.Ridge(0.0, num_weak=240),
    "the same, projected on the hull": w2s.HullProjection(w2s.Ridge(0.0, num_weak=240)),
    "refined labeller, $n$ = 32": w2s.InContext(32),
}
LOOKS = (NAIVE, PROJECTED, LABELLER)


def shifted(distance: float, axis: int) -> w2s.ShiftedTarget:
    """Return the canonical task with its target moved off the hull along one coordinate."""
    task = canonical()
    return w2s.ShiftedTarget(
        task.features, task.source, task.target_prior, task.supervisor, distance * np.eye(8)[axis]
    )


def compute(fast: bool, seed: int) -> Tables:
    """Simulate three students of a target that moves off the hull in two directions."""
    replicates = DRAFT_REPLICATES if fast else REPLICATES
    found, floors = [], []
    for direction, axis in DIRECTIONS.items():
        for distance in track(DISTANCES, lambda r, direction=direction: f"{direction}, distance {r:g}"):
            frame = w2s.compare(shifted(distance, axis), STUDENTS, replicates=replicates, seed=seed)
            found.append(
                frame[["risk", "risk_se", "replicates"]]
                .reset_index(drop=True)
                .assign(student=list(STUDENTS), direction=direction, distance=distance)
            )
        floors += [
            {"direction": direction, "distance": r, "floor": float(w2s.naive_floor(shifted(r, axis)))}
            for r in np.linspace(0.0, 1.0, 50).tolist()
        ]
    return {"risks": pd.concat(found, ignore_index=True), "floors": pd.DataFrame(floors)}


def draw(tables: Tables, page: Page) -> Figure:
    """Draw the excess risk against the distance; curves that coincide are drawn beside one another."""
    panels = []
    for direction in DIRECTIONS:
        rows, floor = (
            table.loc[table["direction"] == direction] for table in (tables["risks"], tables["floors"])
        )
        curves = []
        # Projection and labeller nearly coincide: their markers take turns along the axis.
        for look, label, shift in zip(LOOKS, STUDENTS, (0.0, -0.012, 0.012), strict=True):
            own = rows.loc[rows["student"] == label]
            curves.append(Curve(label, own["distance"] + shift, own["risk"], own["risk_se"], look))
        distance = floor["distance"]
        curves.append(Curve("naive floor", distance, floor["floor"], look=FLOOR))
        curves.append(
            Curve("distance to the hull, squared", distance, distance**2, look=THEORY.as_line(DASH_DOT))
        )
        panels.append(
            Panel(
                f"target moved {direction}",
                "distance of the target from the hull (label units)",
                "excess risk (squared label units)",
                curves,
                y_limits=(-0.05, None),
            )
        )
    return panels_figure(panels, page)


def caption(tables: Tables) -> str:
    """Say what is drawn, with the number of replicates."""
    return (
        "Excess risk against the distance of the target from the convex hull of the concepts; the target "
        "moves along the weak model's error (a) or across it (b). Canonical task, kappa = 0.7. Markers of "
        "students at the same distance stand side by side. Error bars: two Monte Carlo standard errors, "
        f"{tables['risks']['replicates'].iloc[0]:,} replicates, seed 0."
    )


FIGURE = PaperFigure(
    name="outside_the_hull",
    compute=compute,
    draw=draw,
    caption=caption,
)

if __name__ == "__main__":
    figure_script(FIGURE)
