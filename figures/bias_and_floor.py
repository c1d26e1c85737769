"""How does the strength of the weak model's bias change the naive floor, and why is there no eta in it?

Run from anywhere: python figures/bias_and_floor.py [FOLDER]   (FOLDER is figures/gallery by default)
"""

import sys
from pathlib import Path

import numpy as np

import w2s_sim as w2s
from w2s_sim.cli.progress import track
from w2s_sim.plotting import Curve, Panel, curves_table, panels_figure, save_figure
from w2s_sim.statements.shared.regression_examples import canonical

BIASES = (0.2, 0.35, 0.7, 1.4)
RIDGES = (0.03, 0.1, 0.2, 0.43, 1.0, 2.0, 5.0, 15.0)
NUM_WEAK, REPLICATES = 960, 2000
# a^2 = ||beta_P - beta_Q||^2 of the canonical task.
SOURCE_RISK = 1.145


def main(folder: Path) -> None:
    """Simulate the ridge path at four strengths of the bias; draw and write the figure."""
    measured, nearest = [], []
    for bias in track(BIASES, lambda bias: f"bias {bias:g}"):
        task = canonical(bias=bias)
        students = {f"{ridge:g}": w2s.Ridge(ridge, num_weak=NUM_WEAK) for ridge in RIDGES}
        frame = w2s.compare(task, students, replicates=REPLICATES)
        measured.append((bias, float(w2s.naive_floor(task)), frame))
        # The ridge penalty that attains the floor as n grows; it comes from the theory, not from simulated
        # risks.
        best = w2s.Ridge(bias**2 / SOURCE_RISK, num_weak=NUM_WEAK)
        nearest.append(w2s.compare(task, {"best": best}, replicates=REPLICATES).iloc[0])

    path = Panel(
        "every $\\eta$ stays above its task's floor (dashed)",
        "ridge to the source, $\\eta$",
        "excess risk (squared label units)",
        [
            Curve(
                f"$\\kappa$ = {bias:g}, floor {floor:.3f}",
                RIDGES,
                frame["risk"].tolist(),
                frame["risk_se"].tolist(),
            )
            for bias, floor, frame in measured
        ]
        + [
            Curve("", (RIDGES[0], RIDGES[-1]), (floor, floor), like=index)
            for index, (_, floor, _) in enumerate(measured)
        ],
        x_scale="log",
        y_scale="log",
        y_limits=(0.015, 4.0),
    )
    grid = np.geomspace(0.05, 5.0, 60)
    floor_panel = Panel(
        "the floor against the strength of the bias",
        "bias of the weak model, $\\kappa$ (label units)",
        "excess risk (squared label units)",
        [
            Curve(
                "ridge at $\\eta=\\kappa^2/a^2$",
                BIASES,
                [row["risk"] for row in nearest],
                [row["risk_se"] for row in nearest],
            ),
            Curve(
                "floor $a^2\\kappa^2/(a^2+\\kappa^2)$",
                grid.tolist(),
                (SOURCE_RISK * grid**2 / (SOURCE_RISK + grid**2)).tolist(),
            ),
            Curve("$\\kappa^2$: the weak model itself", grid.tolist(), (grid**2).tolist()),
        ],
        x_scale="log",
        y_scale="log",
        y_limits=(2e-3, 8.0),
        lines={"$a^2$: the source itself": SOURCE_RISK},
    )
    panels = [path, floor_panel]
    note = f"Canonical task, ridge on n = {NUM_WEAK} weak pairs."
    print("wrote", save_figure(panels_figure(panels, note), curves_table(panels), folder, "bias_and_floor"))


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent / "gallery")
