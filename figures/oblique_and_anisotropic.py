"""How does refinement behave if concepts are not orthogonal, or features are not isotropic?

Run from anywhere: python figures/oblique_and_anisotropic.py [FOLDER]   (figures/gallery by default)
"""

import sys
from pathlib import Path

import numpy as np

import w2s_sim as w2s
from w2s_sim.cli.progress import track
from w2s_sim.plotting import Curve, Panel, curves_table, panels_figure, save_figure
from w2s_sim.statements import FromWeakData, find_statement
from w2s_sim.statements.shared.regression_examples import canonical
from w2s_sim.statements.shared.student_error import student_error
from w2s_sim.verify.intervals import sample_summary

ANGLES = (5, 10, 20, 30, 45, 60, 90, 120)
SIZES = (8, 32)
RATIOS = (1.0, 2.0, 4.0, 10.0, 30.0, 100.0)
REPLICATES, SEED = 20_000, 0


def oblique(angle: float) -> w2s.TransferTask:
    """Make a task of two unit concepts at an angle in degrees; the weak bias of 0.7 is orthogonal to both."""
    turn = np.deg2rad(angle)
    concepts = np.zeros((2, 6))
    concepts[0, :2] = 1.0, 0.0
    concepts[1, :2] = np.cos(turn), np.sin(turn)
    return w2s.regression_task(
        6, 2, source_prior=[0.5, 0.5], target_prior=[0.0, 1.0], concepts=concepts.tolist()
    )


def stretched(ratio: float) -> w2s.TransferTask:
    """Return the canonical task; the variance along beta_P - beta_Q is `ratio` times that along the bias."""
    task = canonical()
    gap = np.asarray(task.source_vector - task.target_vector, dtype=np.float64)
    bias = np.asarray(task.weak_vector - task.target_vector, dtype=np.float64)
    gap, bias = gap / np.linalg.norm(gap), bias / np.linalg.norm(bias)
    factor = (
        np.eye(8) + (ratio**0.25 - 1.0) * np.outer(gap, gap) + (ratio**-0.25 - 1.0) * np.outer(bias, bias)
    )
    return canonical(features=w2s.Anisotropic(w2s.Gaussian(8), factor))


def measured(measure, case: w2s.Case) -> tuple[float, float]:
    """Return the mean and standard error of a measured quantity."""
    return sample_summary(w2s.replicate(measure, case, seed=SEED, start=0, stop=REPLICATES))


def main(folder: Path) -> None:
    """Simulate, draw and write the figure."""
    misidentified = find_statement("concept-identification").measure
    by_angle = [
        [measured(misidentified, w2s.Case("", oblique(angle), w2s.InContext(size))) for angle in ANGLES]
        for size in track(SIZES, lambda size: f"concepts at an angle, n = {size}")
    ]
    fine = np.arange(2.0, 121.0, 2.0)
    bounds = [[min(1.0, float(w2s.identification_bound(oblique(a), size))) for a in fine] for size in SIZES]
    left = Panel(
        "concepts at an angle; dashed: the bound",
        "angle between the two concepts (degrees)",
        "$E[1-\\pi_n(k^*)]$ (probability)",
        [
            Curve(f"n = {size}", ANGLES, [mean for mean, _ in row], [se for _, se in row])
            for size, row in zip(SIZES, by_angle, strict=True)
        ]
        + [Curve("", fine.tolist(), bound, like=index) for index, bound in enumerate(bounds)],
        y_scale="log",
        y_limits=(1e-6, 2.0),
    )
    students = {
        "naive: ridge 0.3 on 240 weak pairs": w2s.Ridge(0.3, num_weak=240),
        "refined labeller, n = 8": w2s.InContext(8),
    }
    by_ratio = {
        label: [
            measured(FromWeakData(student_error), w2s.Case("", stretched(ratio), estimator))
            for ratio in track(RATIOS, lambda ratio, label=label: f"{label}, ratio {ratio:g}")
        ]
        for label, estimator in students.items()
    }
    right = Panel(
        "features stretched along $\\beta_P-\\beta_Q$",
        "variance there / variance along the bias",
        "$||b-\\beta_Q||^2$ (squared label units)",
        [
            Curve(label, RATIOS, [mean for mean, _ in row], [se for _, se in row])
            for label, row in by_ratio.items()
        ],
        x_scale="log",
        y_scale="log",
        y_limits=(1e-4, 3.0),
        lines={"naive floor of isotropic features": float(w2s.naive_floor(canonical()))},
    )
    note = f"$\\sigma=\\sigma'=0.5$, $\\kappa=0.7$; {REPLICATES:,} replicates."
    panels = [left, right]
    path = save_figure(panels_figure(panels, note), curves_table(panels), folder, "oblique_and_anisotropic")
    print("wrote", path)


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent / "gallery")
