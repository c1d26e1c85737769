"""How does refinement behave if concepts are not orthogonal, or features are not isotropic?"""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

import w2s_sim as w2s
from w2s_sim.cli.progress import track
from w2s_sim.figures import Page, PaperFigure, Tables, figure_script
from w2s_sim.plotting import Curve, Panel, panels_figure
from w2s_sim.plotting.looks import DASHED, FLOOR, LABELLER, NAIVE, SERIES
from w2s_sim.statements import FromWeakData
from w2s_sim.statements.concept_identification import CONCEPT_IDENTIFICATION
from w2s_sim.statements.shared.regression_examples import canonical
from w2s_sim.statements.shared.student_error import student_error
from w2s_sim.verify.intervals import sample_summary

ANGLES = (5, 10, 20, 30, 45, 60, 90, 120)
SIZES = (8, 32)
RATIOS = (1.0, 2.0, 4.0, 10.0, 30.0, 100.0)
STUDENTS = {
    "naive: ridge 0.3 on 240 weak pairs": w2s.Ridge(0.3, num_weak=240),
    "refined labeller, n = 8": w2s.InContext(8),
}
REPLICATES, DRAFT_REPLICATES = 20_000, 400


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


def compute(fast: bool, seed: int) -> Tables:
    """Simulate misidentification at several angles, and two students at several stretches of the features."""
    replicates = DRAFT_REPLICATES if fast else REPLICATES

    def measured(measure, case: w2s.Case) -> dict[str, float]:
        mean, se = sample_summary(w2s.replicate(measure, case, seed=seed, start=0, stop=replicates))
        return {"mean": mean, "se": se, "replicates": replicates}

    misidentified = CONCEPT_IDENTIFICATION.measure
    steps = [(size, angle) for size in SIZES for angle in ANGLES]
    by_angle = [
        {"size": size, "angle": angle}
        | measured(misidentified, w2s.Case("", oblique(angle), w2s.InContext(size)))
        for size, angle in track(steps, lambda step: f"angle {step[1]}, n = {step[0]}")
    ]
    bounds = [
        {
            "size": size,
            "angle": angle,
            "bound": min(1.0, float(w2s.identification_bound(oblique(angle), size))),
        }
        for size in SIZES
        for angle in np.arange(2.0, 121.0, 2.0).tolist()
    ]
    places = [(label, ratio) for label in STUDENTS for ratio in RATIOS]
    by_ratio = [
        {"student": label, "ratio": ratio}
        | measured(FromWeakData(student_error), w2s.Case("", stretched(ratio), STUDENTS[label]))
        for label, ratio in track(places, lambda place: f"{place[0]}, ratio {place[1]:g}")
    ]
    return {
        "misidentification": pd.DataFrame(by_angle),
        "bounds": pd.DataFrame(bounds),
        "errors": pd.DataFrame(by_ratio).assign(isotropic_floor=float(w2s.naive_floor(canonical()))),
    }


def draw(tables: Tables, page: Page) -> Figure:
    """Draw misidentification against the angle, and errors against the stretch."""
    curves = []
    for look, (size, rows) in zip(SERIES, tables["misidentification"].groupby("size"), strict=False):
        bound = tables["bounds"].loc[tables["bounds"]["size"] == size]
        curves.append(Curve(f"$n$ = {size}", rows["angle"], rows["mean"], rows["se"], look))
        curves.append(
            Curve(f"bound, $n$ = {size}", bound["angle"], bound["bound"], look=look.as_line(DASHED))
        )
    errors = tables["errors"]
    students = []
    for look, label in zip((NAIVE, LABELLER), STUDENTS, strict=True):
        rows = errors.loc[errors["student"] == label]
        students.append(Curve(label, rows["ratio"], rows["mean"], rows["se"], look))
    floor = errors["isotropic_floor"].iloc[0]
    students.append(
        Curve("naive floor of isotropic features", (RATIOS[0], RATIOS[-1]), (floor, floor), look=FLOOR)
    )
    panels = [
        Panel(
            "concepts at an angle",
            "angle between the two concepts (degrees)",
            "$E[1-\\pi_n(k^*)]$ (probability)",
            curves,
            y_scale="log",
            y_limits=(1e-6, 2.0),
        ),
        Panel(
            "features stretched along $\\beta_P-\\beta_Q$",
            "variance there / variance along the bias",
            "$||b-\\beta_Q||^2$ (squared label units)",
            students,
            x_scale="log",
            y_scale="log",
        ),
    ]
    return panels_figure(panels, page, legend="own")


def caption(tables: Tables) -> str:
    """Say what is drawn, with the number of replicates."""
    return (
        "(a) Misidentification of two unit concepts against the angle between them (points), and its "
        "bound (dashed). (b) Squared error in the coefficients on the canonical task against the ratio of "
        "the features' variances along the gap between source and target and along the weak model's bias. "
        "Label noise 0.5, weak noise 0.5, kappa = 0.7. Error bars: two Monte Carlo standard errors, "
        f"{tables['errors']['replicates'].iloc[0]:,} replicates, seed 0."
    )


FIGURE = PaperFigure(
    name="oblique_and_anisotropic",
    compute=compute,
    draw=draw,
    caption=caption,
)

if __name__ == "__main__":
    figure_script(FIGURE)
