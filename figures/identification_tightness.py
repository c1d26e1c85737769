"""How tight is the identification bound, from frequent misidentification down to 1e-30?"""

import jax
import jax.numpy as jnp
import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from w2s_sim.cli.progress import track
from w2s_sim.figures import Page, PaperFigure, Tables, figure_script
from w2s_sim.identification.chernoff import log_chernoff_terms
from w2s_sim.identification.rare_events import rare_misidentification
from w2s_sim.identification.rate import sharp_log_misidentification
from w2s_sim.plotting import Curve, Panel, panels_figure
from w2s_sim.plotting.looks import DASHED, SERIES
from w2s_sim.statements.shared.regression_examples import canonical, noisy
from w2s_sim.tasks.regression_task import TransferTask

BIASES = {0.7: lambda: canonical(), 0.0: lambda: noisy(0.5)}
SIZES = (2, 4, 8, 16, 32, 64, 128, 256)
# Lower end of the axis.
SMALLEST = 1e-36
REPLICATES, DRAFT_REPLICATES = 32_768, 1024


def log_bound(task: TransferTask, size: int) -> float:
    """Return the natural logarithm of the bound of `concept-identification`, which may underflow floats."""
    terms, _ = log_chernoff_terms(task, jnp.asarray(size, dtype=float))
    return float(jax.nn.logsumexp(terms))


def compute(fast: bool, seed: int) -> Tables:
    """Simulate misidentification by exponential tilting, and evaluate the bound and its sharp limit."""
    replicates = DRAFT_REPLICATES if fast else REPLICATES
    rows = []
    for bias, size in track(
        [(bias, size) for bias in BIASES for size in SIZES], lambda step: f"bias {step[0]:g}, n = {step[1]}"
    ):
        task = BIASES[bias]()
        event = rare_misidentification(task, size, replicates=replicates, seed=seed)
        sharp = sharp_log_misidentification(task, jnp.asarray([size], dtype=float))
        rows.append(
            {
                "bias": bias,
                "num_demonstrations": size,
                "log_probability": event.log_value,
                "relative_se": event.relative_se,
                # The theorem's bound is sharper than the bound that scales the tilted samples.
                "log_bound": log_bound(task, size),
                "log_limit": float(np.asarray(sharp)[0]),
                "replicates": replicates,
            }
        )
    return {"events": pd.DataFrame(rows)}


def draw(tables: Tables, page: Page) -> Figure:
    """Draw misidentification below its bound, and their ratio with its limit."""
    probabilities, ratios = [], []
    for look, (bias, rows) in zip(SERIES, tables["events"].groupby("bias", sort=False), strict=False):
        size, name = rows["num_demonstrations"].to_numpy(), f"$\\kappa$ = {bias:g}"
        # Below the end of the axis, floats would underflow.
        shown = rows["log_probability"].to_numpy() > np.log(SMALLEST)
        value, bound = np.exp(rows["log_probability"].to_numpy()), np.exp(rows["log_bound"].to_numpy())
        se = value * rows["relative_se"].to_numpy()
        probabilities.append(Curve(name, size[shown], value[shown], se[shown], look))
        probabilities.append(Curve(f"bound, {name}", size[shown], bound[shown], look=look.as_line(DASHED)))
        ratio = np.exp((rows["log_probability"] - rows["log_bound"]).to_numpy())
        limit = np.exp((rows["log_limit"] - rows["log_bound"]).to_numpy())
        ratios.append(Curve(name, size, ratio, ratio * rows["relative_se"].to_numpy(), look, joined=False))
        ratios.append(Curve(f"limit $\\propto n^{{-1/2}}$, {name}", size, limit, look=look.as_line(DASHED)))
    x_label = "weak demonstrations in context, $n$"
    panels = [
        Panel(
            "misidentification and its bound",
            x_label,
            "$E[1-\\pi_n(k^*)]$ (probability)",
            probabilities,
            x_scale="log2",
            y_scale="log",
            y_limits=(SMALLEST, 10.0),
        ),
        Panel(
            "measured / bound, and its limit",
            x_label,
            "share of the bound",
            ratios,
            x_scale="log2",
            y_scale="log",
        ),
    ]
    return panels_figure(panels, page, legend="own")


def caption(tables: Tables) -> str:
    """Say what is drawn, with the number of replicates."""
    return (
        "(a) Probability of misidentification (points) and the bound of concept-identification (dashed) "
        "against the number of weak demonstrations, with and without bias of the weak model. (b) Their "
        "ratio, with its limit, which falls like the inverse root of n. Canonical task, exponentially "
        f"tilted sampling, {tables['events']['replicates'].iloc[0]:,} replicates a point, seed 0; error "
        "bars of two Monte Carlo standard errors are smaller than the markers where none is seen."
    )


FIGURE = PaperFigure(
    name="identification_tightness",
    compute=compute,
    draw=draw,
    caption=caption,
)

if __name__ == "__main__":
    figure_script(FIGURE)
