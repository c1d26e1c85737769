"""When is refinement still useful if a share rho of the demonstrations shows another concept?

Run from anywhere: python figures/distracted_demonstrations.py [FOLDER]   (figures/gallery by default)
"""

import sys
from pathlib import Path

import jax
import numpy as np

import w2s_sim as w2s
from w2s_sim.cli.progress import track
from w2s_sim.plotting import Curve, Panel, curves_table, panels_figure, save_figure
from w2s_sim.statements import FromWeakData
from w2s_sim.statements.shared.quantities import concept_diameter
from w2s_sim.statements.shared.regression_examples import canonical
from w2s_sim.tasks.regression_task import TransferTask
from w2s_sim.verify.intervals import sample_summary

SHARES = (0.0, 0.15, 0.3, 0.4)
SIZES = (1, 2, 4, 8, 16, 32, 64, 128)
REPLICATES, SEED = 20_000, 0
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


def main(folder: Path) -> None:
    """Simulate, draw and write the figure."""
    curves, floors = [], []
    for index, share in enumerate(track(SHARES, lambda share: f"share {share:g}")):
        task = distracted(share)
        values = [replicates(w2s.Case("", task, w2s.InContext(size))) for size in SIZES]
        curves.append(
            Curve(
                f"$\\rho$ = {share:g}, floor {intended_floor(task):.3f}",
                SIZES,
                [mean for mean, _ in values],
                [se for _, se in values],
            )
        )
        floor = intended_floor(task)
        floors.append(Curve("", (SIZES[0], SIZES[-1]), (floor, floor), like=index))
    shares = np.arange(0.0, 0.46, 0.025)
    sizes = [
        sufficient_size(distracted(share))
        for share in track(shares.tolist(), lambda share: f"sufficient n at share {share:g}")
    ]
    panels = [
        Panel(
            "refined labeller; dashed: naive floor",
            "weak demonstrations in context, $n$",
            "squared error against $\\beta_*$ (squared label units)",
            curves + floors,
            x_scale="log2",
            y_scale="log",
            y_limits=(1e-4, 4.0),
        ),
        Panel(
            "demonstrations that surely suffice",
            "share $\\rho$ that shows another concept",
            "$n$ with $D^2\\varepsilon_n\\leq$ naive floor",
            [Curve("smallest sufficient $n$", shares.tolist(), sizes)],
            y_scale="log",
        ),
    ]
    note = f"Canonical task, ungrouped, {REPLICATES:,} replicates."
    path = save_figure(panels_figure(panels, note), curves_table(panels), folder, "distracted_demonstrations")
    print("wrote", path)


def replicates(case: w2s.Case) -> tuple[float, float]:
    """Return the mean and standard error of the error against the intended concept."""
    return sample_summary(
        w2s.replicate(FromWeakData(intended_error), case, seed=SEED, start=0, stop=REPLICATES)
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent / "gallery")
