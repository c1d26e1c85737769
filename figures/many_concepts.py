"""How many concepts may pre-training teach before refinement becomes ridge regression?"""

import dataclasses
from typing import Any

import jax
import jax.numpy as jnp
import pandas as pd
from jaxtyping import Array, Float, Key
from matplotlib.figure import Figure

import w2s_sim as w2s
from w2s_sim.cli.progress import track
from w2s_sim.figures import Page, PaperFigure, Tables, figure_script
from w2s_sim.plotting import Curve, Panel, panels_figure
from w2s_sim.plotting.looks import SERIES, UPPER_BOUND
from w2s_sim.statements.dmmse_limit import DMMSE_LIMIT
from w2s_sim.statements.dmmse_limit.two_readers import labelled_by
from w2s_sim.statements.shared.regression_examples import noisy
from w2s_sim.verify.intervals import sample_summary

# Panel a: demonstrations, concepts, and the spread of the concepts.
SIZES = (1, 2, 4, 8)
COUNTS = (4, 16, 64, 256, 1024)
SPREAD = 0.2
# Panel b.
BIASED_SIZES = (2, 8, 32)
BIASED_COUNTS = (2, 4, 16, 64, 256, 1024)
BIASED_SPREAD = 0.5
REPLICATES = 2000
# One look for a number of demonstrations, in both panels.
LOOKS = dict(zip(sorted({*SIZES, *BIASED_SIZES}), SERIES, strict=False))


@dataclasses.dataclass(frozen=True)
class TwoErrors:
    """Measured quantity: squared errors of the drawn concepts and of the continuum, at the labelling concept.

    The weak labels keep the bias of the task's weak model.
    """

    def __call__(self, key: Key[Array, ""], case: w2s.Case) -> Float[Array, "2"]:
        data_key, own_key = jax.random.split(key)
        task, estimator = case.task, case.estimator
        assert isinstance(estimator, w2s.DrawnConcepts)
        drawn = estimator.draw_model(task.source, key=own_key)
        labeller = drawn.vectors[0]
        data = labelled_by(labeller, case.sample_weak(key=data_key), task)
        continuum = estimator.continuum.prior_model(task.source)
        students = jnp.stack([drawn.read(data).coefficients, continuum.read(data).coefficients])
        return jnp.sum((students - labeller) ** 2, axis=1)


def biased_task() -> w2s.TransferTask:
    """Return a task with d = 4 whose weak model has a bias of 0.7."""
    return w2s.regression_task(4, 2, source_prior=[0.5, 0.5], target_prior=[0.0, 1.0], bias=0.7)


def compute(fast: bool, seed: int) -> Tables:
    """Measure the gap of the two predictions, and both risks under a biased weak model."""
    gaps: list[dict[str, Any]] = []
    replicates = 100 if fast else REPLICATES
    measure = DMMSE_LIMIT.measure
    assert measure is not None
    cells = [(size, count) for size in SIZES for count in COUNTS]
    for size, count in track(cells, lambda cell: f"n = {cell[0]}, K = {cell[1]}"):
        case = w2s.Case("", noisy(0.5), w2s.DrawnConcepts(size, count, SPREAD))
        values = w2s.replicate(measure, case, seed=seed, start=0, stop=replicates)
        mean, error = sample_summary(values)
        row = {"num_demonstrations": size, "num_concepts": count, "gap": mean, "gap_se": error}
        gaps.append({**row, "bound": float(DMMSE_LIMIT.bound(case))})
    risks: list[dict[str, Any]] = []
    cells = [(size, count) for size in BIASED_SIZES for count in BIASED_COUNTS]
    for size, count in track(cells, lambda cell: f"biased, n = {cell[0]}, K = {cell[1]}"):
        case = w2s.Case("", biased_task(), w2s.DrawnConcepts(size, count, BIASED_SPREAD))
        values = w2s.replicate(TwoErrors(), case, seed=seed, start=0, stop=replicates)
        for model, column in zip(("drawn", "continuum"), values.T, strict=True):
            mean, error = sample_summary(column)
            row = {"model": model, "num_demonstrations": size, "num_concepts": count}
            risks.append({**row, "risk": mean, "risk_se": error})
    return {"gaps": pd.DataFrame(gaps), "risks": pd.DataFrame(risks)}


def draw(tables: Tables, page: Page) -> Figure:
    """Draw the gaps under their bounds, and the risks against those of ridge."""
    gaps, risks = tables["gaps"], tables["risks"]
    first, second = [], []
    for size in SIZES:
        look, rows = LOOKS[size], gaps[gaps["num_demonstrations"] == size]
        label, counts = f"$n={size}$", rows["num_concepts"]
        first.append(Curve(label, counts, rows["gap"], rows["gap_se"], look))
        line = look.as_line(UPPER_BOUND.dashes)
        first.append(Curve(f"bound, {label}", counts, rows["bound"], None, line, named=False))
    for size in BIASED_SIZES:
        look, rows = LOOKS[size], risks[risks["num_demonstrations"] == size]
        drawn, ridge = (rows[rows["model"] == model] for model in ("drawn", "continuum"))
        counts = drawn["num_concepts"]
        second.append(Curve(f"$n={size}$", counts, drawn["risk"], drawn["risk_se"], look))
        line = look.as_line(UPPER_BOUND.dashes)
        level = [ridge["risk"].mean()] * len(counts)
        second.append(Curve(f"ridge, $n={size}$", counts, level, None, line, named=False))
    panels = [
        Panel(
            "unbiased weak labels",
            "concepts $K$",
            "squared gap to ridge",
            first,
            x_scale="log2",
            y_scale="log",
        ),
        Panel(
            "biased weak labels",
            "concepts $K$",
            "excess risk (squared label units)",
            second,
            x_scale="log2",
            y_scale="log",
        ),
    ]
    return panels_figure(panels, page)


FIGURE = PaperFigure(
    name="many_concepts",
    compute=compute,
    draw=draw,
    caption=f"""
        A strong model that holds K concepts, drawn from a normal law around the source, reads n
        demonstrations. (a) Sum of the squared gaps between its predictions and those of ridge regression, in
        predictive variances, for unbiased weak labels (d = 8, tau = {SPREAD}, sigma = 0.5); dotted: the bound
        of dmmse-limit. (b) Excess risk when the weak model has a bias of 0.7 (d = 4, tau = {BIASED_SPREAD},
        sigma = 0.5); dotted: ridge regression, the limit of many concepts. Few concepts: the bias is no
        concept, and refinement ignores it. Many concepts: some concept lies near the biased labels.
        Error bars: two standard errors, {REPLICATES} replicates, seed 0.
    """,
    default_width="double",
)

if __name__ == "__main__":
    figure_script(FIGURE)
