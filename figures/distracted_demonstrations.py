"""When is refinement still useful if a share of the demonstrations shows another concept?"""

import jax
import numpy as np
import pandas as pd
from matplotlib.figure import Figure

import w2s_sim as w2s
from w2s_sim.cli.progress import track
from w2s_sim.figures import Page, PaperFigure, Tables, figure_script
from w2s_sim.plotting import Curve, Panel, panels_figure
from w2s_sim.plotting.looks import DASHED, SERIES, THEORY
from w2s_sim.statements import FromWeakData
from w2s_sim.statements.shared.quantities import concept_diameter
from w2s_sim.statements.shared.regression_examples import canonical
from w2s_sim.tasks.regression_task import TransferTask
from w2s_sim.verify.intervals import sample_summary

SHARES = (0.0, 0.15, 0.3, 0.4)
FINE_SHARES = tuple(np.arange(0.0, 0.46, 0.025).tolist())
SIZES = (1, 2, 4, 8, 16, 32, 64, 128)
REPLICATES, DRAFT_REPLICATES = 20_000, 400
LARGEST_SIZE = 2**14


def distracted(share: float) -> TransferTask:
    """Return a task whose target is the fourth concept, except for a `share` of the first concept."""
    return canonical(target_prior=[share, 0.0, 0.0, 1.0 - share])


def intended_error(key: jax.Array, data: w2s.WeakData, case: w2s.Case) -> jax.Array:
    """Return ||beta_ref - beta_*||^2, the error against the fourth concept alone."""
    task = case.task
    student = case.estimator.fit(task.source, data, key=key)
    error = student.coefficients - task.source.vectors[task.target_concept]
    return error @ error


def intended_floor(task: TransferTask) -> float:
    """Return the squared distance of the intended concept from the segment between weak mean and source."""
    wanted = w2s.TransferTask(
        task.features,
        task.source,
        canonical().target_prior,
        w2s.RegressionSupervisor(np.tile(np.asarray(task.weak_vector), (4, 1)), task.supervisor.noise),
    )
    return float(w2s.naive_floor(wanted))


def sufficient_size(task: TransferTask) -> float:
    """Return the smallest number of demonstrations whose bound is below the floor; nan if there is none."""
    floor, diameter_squared = intended_floor(task), float(concept_diameter(task)) ** 2

    def suffices(size: int) -> bool:
        return diameter_squared * float(w2s.identification_bound(task, size)) <= floor

    size = 1
    while not suffices(size):
        size *= 2
        if size > LARGEST_SIZE:
            return float("nan")
    low = size // 2
    while size - low > 1:
        middle = (low + size) // 2
        low, size = (low, middle) if suffices(middle) else (middle, size)
    return float(size)


def compute(fast: bool, seed: int) -> Tables:
    """Simulate the labeller at four shares, and search for the number of demonstrations that suffices."""
    replicates = DRAFT_REPLICATES if fast else REPLICATES
    rows = []
    for share in track(SHARES, lambda share: f"share {share:g}"):
        task = distracted(share)
        for size in SIZES:
            case = w2s.Case("", task, w2s.InContext(size))
            values = w2s.replicate(FromWeakData(intended_error), case, seed=seed, start=0, stop=replicates)
            mean, se = sample_summary(values)
            place = {"share": share, "num_demonstrations": size, "floor": intended_floor(task)}
            rows.append({**place, "error": mean, "error_se": se, "replicates": replicates})
    shares = FINE_SHARES[::6] if fast else FINE_SHARES
    sizes = [
        sufficient_size(distracted(share))
        for share in track(shares, lambda share: f"sufficient n at share {share:g}")
    ]
    return {"errors": pd.DataFrame(rows), "sufficient": pd.DataFrame({"share": shares, "size": sizes})}


def draw(tables: Tables, page: Page) -> Figure:
    """Draw the labeller's error with the floors, and the sufficient number of demonstrations."""
    curves = []
    for look, (share, rows) in zip(SERIES, tables["errors"].groupby("share"), strict=False):
        floor = rows["floor"].iloc[0]
        label = f"$\\rho$ = {share:g}, floor {floor:.3f}"
        curves.append(Curve(label, rows["num_demonstrations"], rows["error"], rows["error_se"], look))
        curves.append(Curve("", (SIZES[0], SIZES[-1]), (floor, floor), look=look.as_line(DASHED)))
    sufficient = tables["sufficient"]
    panels = [
        Panel(
            "refined labeller, and naive floors",
            "weak demonstrations in context, $n$",
            "squared error against $\\beta_*$ (squared label units)",
            curves,
            x_scale="log2",
            y_scale="log",
            y_limits=(1e-4, 4.0),
        ),
        Panel(
            "demonstrations that surely suffice",
            "share $\\rho$ that shows another concept",
            "$n$ with $D^2\\varepsilon_n\\leq$ naive floor",
            [Curve("", sufficient["share"], sufficient["size"], look=THEORY.as_line("-"))],
            y_scale="log",
        ),
    ]
    return panels_figure(panels, page, legend="own")


def caption(tables: Tables) -> str:
    """Say what is drawn, with the number of replicates."""
    return (
        "(a) Squared error of the refined labeller against the number of demonstrations, a share rho of "
        "which shows another concept; dashed lines are the floors of naive fine-tuning on such labels. "
        "(b) The smallest number of demonstrations for which the bound guarantees an error below the "
        "floor. Canonical task, ungrouped demonstrations. Error bars: two Monte Carlo standard errors, "
        f"{tables['errors']['replicates'].iloc[0]:,} replicates, seed 0."
    )


FIGURE = PaperFigure(
    name="distracted_demonstrations",
    compute=compute,
    draw=draw,
    caption=caption,
)

if __name__ == "__main__":
    figure_script(FIGURE)
