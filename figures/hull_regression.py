"""What does a strong model gain that fits weak labels within the hull of its concepts?"""

import numpy as np
import pandas as pd
from jaxtyping import Float
from matplotlib.figure import Figure

import w2s_sim as w2s
from w2s_sim.cli.progress import track
from w2s_sim.figures import Page, PaperFigure, Tables, figure_script
from w2s_sim.plotting import Curve, Panel, panels_figure
from w2s_sim.plotting.looks import DASHED, LABELLER, NAIVE, PROJECTED, THEORY, UPPER_BOUND
from w2s_sim.statements.hull_regression.claim import HULL_REGRESSION
from w2s_sim.statements.shared.regression_examples import noisy
from w2s_sim.verify.intervals import sample_summary

DIM, NOISE, SIZE = 40, 0.5, 120
CONCEPTS = (2, 4, 8, 16, 32)
SIZES = (12, 20, 40, 80, 160, 320)
REPLICATES, DRAFT_REPLICATES, CONE_DRAWS = 4000, 40, 100_000


def unbiased(num_concepts: int) -> w2s.TransferTask:
    """Return orthonormal concepts in 40 dimensions, a uniform source prior and unbiased weak labels."""
    vectors = np.eye(num_concepts, DIM)
    return w2s.regression_task(
        DIM,
        num_concepts,
        source_prior=np.full(num_concepts, 1.0 / num_concepts).tolist(),
        target_prior=np.eye(num_concepts)[-1].tolist(),
        supervisor=w2s.RegressionSupervisor(vectors, NOISE),
    )


def statistical_dimension(num_concepts: int, generator: np.random.Generator) -> float:
    """Return delta of the tangent cone at a corner of the simplex: how many coordinates are averaged."""
    draws = generator.normal(size=(CONE_DRAWS, num_concepts))
    others = -np.sort(-draws[:, 1:], axis=1)
    before: Float[np.ndarray, "draws others"] = np.cumsum(
        np.concatenate([draws[:, :1], others[:, :-1]], axis=1), axis=1
    ) / np.arange(1, num_concepts)
    return float(np.cumprod(others > before, axis=1).sum(axis=1).mean())


def compute(fast: bool, seed: int) -> Tables:
    """Simulate the error on the fitted inputs against the concepts, and the risk against the pairs."""
    replicates = DRAFT_REPLICATES if fast else REPLICATES
    generator = np.random.default_rng(seed)
    fitted, risks = [], []
    measure = HULL_REGRESSION.measure
    assert measure is not None
    for count in track(CONCEPTS, lambda count: f"{count} concepts"):
        case = w2s.Case("", unbiased(count), w2s.HullRegression(num_weak=SIZE))
        mean, error = sample_summary(w2s.replicate(measure, case, seed=seed, start=0, stop=replicates))
        delta = statistical_dimension(count, generator)
        fitted.append({"concepts": count, "error": mean, "error_se": error, "delta": NOISE**2 * delta})
    for size in track(SIZES, lambda size: f"{size} pairs"):
        students = {
            "hull": w2s.HullRegression(num_weak=size),
            "least squares": w2s.LeastSquares(num_weak=size),
            "in context": w2s.InContext(size),
        }
        frame = w2s.compare(noisy(1.0), students, replicates=replicates, seed=seed)
        risks.append(frame[["risk", "risk_se", "replicates"]].assign(student=list(students), num_weak=size))
    return {"fitted": pd.DataFrame(fitted), "risks": pd.concat(risks, ignore_index=True)}


def draw(tables: Tables, page: Page) -> Figure:
    """Draw the error on the fitted inputs with its bound, and the risks of three learners."""
    fitted, risks = tables["fitted"], tables["risks"]
    count = fitted["concepts"]
    curves = []
    for student, name, look in (
        ("least squares", "least squares", NAIVE),
        ("hull", "within the hull", PROJECTED),
        ("in context", "read in context", LABELLER),
    ):
        rows = risks.loc[risks["student"] == student]
        curves.append(Curve(name, rows["num_weak"], rows["risk"], rows["risk_se"], look))
    y_label = "excess risk (squared label units)"
    panels = [
        Panel(
            "error on the fitted inputs",
            "concepts, $K$",
            "squared error, all inputs (squared label units)",
            [
                Curve("within the hull", count, fitted["error"], fitted["error_se"], PROJECTED),
                Curve("statistical dimension, $\\sigma'^2\\delta$", count, fitted["delta"], look=THEORY),
                Curve("bound, $\\sigma'^2(K-1)$", count, NOISE**2 * (count - 1), look=UPPER_BOUND),
                Curve(
                    "least squares, $\\sigma'^2d$",
                    (CONCEPTS[0], CONCEPTS[-1]),
                    (NOISE**2 * DIM,) * 2,
                    look=NAIVE.as_line(DASHED),
                ),
            ],
            x_scale="log2",
            y_scale="log",
        ),
        Panel(
            "risk without bias",
            "weak pairs, $n$",
            y_label,
            curves,
            x_scale="log2",
            y_scale="log",
            y_limits=(1e-3, 5.0),
        ),
    ]
    return panels_figure(panels, page, legend="own")


def caption(tables: Tables) -> str:
    """Say what is drawn, with the number of replicates."""
    return (
        f"Unbiased weak labels. (a) Squared error on the fitted inputs, d = {DIM}, n = {SIZE}, of least "
        "squares within the hull of K orthonormal concepts, whose target is one of them; the noise in the "
        "tangent cone (many inputs), the bound, and plain least squares. (b) Excess risk on the canonical "
        "concepts with sigma' = 1. Error bars: two Monte Carlo standard errors, "
        f"{tables['risks']['replicates'].iloc[0]:,} replicates, seed 0."
    )


FIGURE = PaperFigure(
    name="hull_regression",
    compute=compute,
    draw=draw,
    caption=caption,
)

if __name__ == "__main__":
    figure_script(FIGURE)
