"""How do the students behave if the target lies outside the convex hull of the concepts?

Run from anywhere: python figures/outside_the_hull.py [FOLDER]   (figures/gallery by default)
"""

import sys
from pathlib import Path

import numpy as np

import w2s_sim as w2s
from w2s_sim.cli.progress import track
from w2s_sim.plotting import Curve, Panel, curves_table, panels_figure, save_figure
from w2s_sim.statements.shared.regression_examples import canonical

DISTANCES = (0.0, 0.1, 0.2, 0.35, 0.5, 0.7, 1.0)
REPLICATES = 8000
# Coordinates of the target's shift: along the weak model's error, and orthogonal to it.
DIRECTIONS = {"towards the weak model": 7, "across its bias": 4}


def shifted(distance: float, axis: int) -> w2s.ShiftedTarget:
    """Return the canonical task with its target moved off the hull along one coordinate."""
    task = canonical()
    return w2s.ShiftedTarget(
        task.features, task.source, task.target_prior, task.supervisor, distance * np.eye(8)[axis]
    )


def main(folder: Path) -> None:
    """Simulate, draw and write the figure."""
    students = {
        "least squares on 240 weak labels": w2s.Ridge(0.0, num_weak=240),
        "the same, projected on the hull": w2s.HullProjection(w2s.Ridge(0.0, num_weak=240)),
        "refined labeller, n = 32": w2s.InContext(32),
    }
    panels = []
    for title, axis in DIRECTIONS.items():
        frames = [
            w2s.compare(shifted(r, axis), students, replicates=REPLICATES)
            for r in track(DISTANCES, lambda r, title=title: f"{title}, distance {r:g}")
        ]
        curves = [
            Curve(
                label,
                DISTANCES,
                [float(frame["risk"].iloc[i]) for frame in frames],
                [float(frame["risk_se"].iloc[i]) for frame in frames],
            )
            for i, label in enumerate(students)
        ]
        fine = np.linspace(0.0, 1.0, 50)
        floors = [float(w2s.naive_floor(shifted(float(r), axis))) for r in fine]
        curves.append(Curve("naive floor", fine.tolist(), floors, like=0))
        curves.append(Curve("distance to the hull, squared", fine.tolist(), (fine**2).tolist(), like=4))
        panels.append(
            Panel(
                f"target moved {title}",
                "distance of the target from the hull (label units)",
                "excess risk (squared label units)",
                curves,
                y_limits=(-0.03, 1.75),
            )
        )
    note = f"Canonical task, $\\kappa=0.7$, {REPLICATES:,} replicates."
    path = save_figure(panels_figure(panels, note), curves_table(panels), folder, "outside_the_hull")
    print("wrote", path)


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent / "gallery")
