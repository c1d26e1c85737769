"""How tight is the identification bound, from frequent misidentification down to 1e-30?

Run from anywhere: python figures/identification_tightness.py [FOLDER]   (figures/gallery by default)
"""

import sys
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np

from w2s_sim.cli.progress import track
from w2s_sim.identification.chernoff import log_chernoff_terms
from w2s_sim.identification.rare_events import rare_misidentification
from w2s_sim.identification.rate import sharp_log_misidentification
from w2s_sim.plotting import Curve, Panel, curves_table, panels_figure, save_figure
from w2s_sim.statements.shared.regression_examples import canonical, noisy
from w2s_sim.tasks.regression_task import TransferTask

TASKS = {"$\\kappa$ = 0.7": canonical(), "$\\kappa$ = 0": noisy(0.5)}
SIZES = (2, 4, 8, 16, 32, 64, 128, 256)
# Lower end of the axis.
SMALLEST = 1e-36
REPLICATES = 32_768


def log_bound(task: TransferTask, size: int) -> float:
    """Return the natural logarithm of the bound of `concept-identification`, which may underflow floats."""
    terms, _ = log_chernoff_terms(task, jnp.asarray(size, dtype=float))
    return float(jax.nn.logsumexp(terms))


def main(folder: Path) -> None:
    """Simulate by exponential tilting, draw and write the figure."""
    probability, bound, ratio, theory = [], [], [], []
    for index, (name, task) in enumerate(TASKS.items()):
        events = {
            size: rare_misidentification(task, size, replicates=REPLICATES)
            for size in track(SIZES, lambda size: f"misidentification, n = {size}")
        }
        shown = {size: event for size, event in events.items() if event.value > SMALLEST}
        values = [event.value for event in shown.values()]
        errors = [event.relative_se for event in shown.values()]
        # The theorem's bound is sharper than the bound that scales the tilted samples.
        log_bounds = np.asarray([log_bound(task, size) for size in SIZES])
        sizes = list(shown)
        bounds = np.exp(log_bounds[: len(sizes)]).tolist()
        probability.append(Curve(name, sizes, values, np.multiply(values, errors).tolist()))
        bound.append(Curve("", sizes, bounds, like=index))
        ratios = np.exp(np.asarray([event.log_value for event in events.values()]) - log_bounds)
        relative = [event.relative_se for event in events.values()]
        ratio.append(Curve(name, SIZES, ratios.tolist(), (ratios * relative).tolist()))
        sharp = np.asarray(sharp_log_misidentification(task, jnp.asarray(SIZES, dtype=float)))
        theory.append(Curve("", SIZES, np.exp(sharp - log_bounds).tolist(), like=index))
    panels = [
        Panel(
            "misidentification; dashed: the bound",
            "weak demonstrations in context, $n$",
            "$E[1-\\pi_n(k^*)]$ (probability)",
            probability + bound,
            x_scale="log2",
            y_scale="log",
            y_limits=(SMALLEST, 10.0),
        ),
        Panel(
            "measured / bound; dashed: its limit $\\propto n^{-1/2}$",
            "weak demonstrations in context, $n$",
            "share of the bound",
            ratio + theory,
            x_scale="log2",
            y_scale="log",
        ),
    ]
    note = f"Canonical task, exponentially tilted sampling, {REPLICATES:,} replicates a point."
    path = save_figure(panels_figure(panels, note), curves_table(panels), folder, "identification_tightness")
    print("wrote", path)


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent / "gallery")
