"""Where does refinement go, and how fast, as the weak concept leaves its Voronoi cell?"""

import jax
import jax.numpy as jnp
import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from w2s_sim.cli.progress import track
from w2s_sim.estimators import InContext
from w2s_sim.figures import Page, PaperFigure, Tables, figure_script
from w2s_sim.identification.voronoi import voronoi_rate
from w2s_sim.plotting import Curve, Panel, panels_figure
from w2s_sim.plotting.looks import DOTTED, LABELLER, SERIES, THEORY, Look
from w2s_sim.plotting.style import GREY
from w2s_sim.statements import Case, FromWeakData
from w2s_sim.statements.voronoi_threshold.claim import VORONOI_THRESHOLD, functional, measure
from w2s_sim.statements.voronoi_threshold.placed_weak_concept import weak_concept_at
from w2s_sim.tasks.task import WeakData
from w2s_sim.verify import replicate
from w2s_sim.verify.intervals import interval_of, sample_summary

SIZES = (4, 16, 64)
SHARES = np.linspace(0.0, 1.0, 21)
# Shares far enough from the border for the slope from n to 2n to have converged.
SLOPE_SHARES = (0.0, 0.1, 0.2, 0.3, 0.4, 0.6, 0.7, 0.8, 0.9, 1.0)
SLOPE_SIZE = 256
BORDER = 0.5
REPLICATES, DRAFT_REPLICATES = 8192, 256


def intended_posterior(key: jax.Array, data: WeakData, case: Case) -> jax.Array:
    """Return pi_n(k*) of one context."""
    log_posterior = case.task.source.log_posterior(data.inputs, data.labels)
    return jnp.exp(log_posterior[case.task.target_concept])


def compute(fast: bool, seed: int) -> Tables:
    """Simulate the posterior along the way to the wrong concept, and the exponents of failure."""
    replicates = DRAFT_REPLICATES if fast else REPLICATES
    weak_posterior = FromWeakData(intended_posterior)
    assert VORONOI_THRESHOLD.support is not None
    posteriors, slopes = [], []
    cells = [(share, size) for size in SIZES for share in SHARES.tolist()]
    for share, size in track(cells, lambda cell: f"posterior at share {cell[0]:.2f}, n = {cell[1]}"):
        case = Case("", weak_concept_at(share), InContext(size))
        mean, se = sample_summary(replicate(weak_posterior, case, seed=seed, start=0, stop=replicates))
        row = {"share": share, "num_demonstrations": size, "posterior": mean, "posterior_se": se}
        posteriors.append({**row, "replicates": replicates})
    for share in track(SLOPE_SHARES, lambda share: f"slope at share {share:g}"):
        case = Case("", weak_concept_at(share), InContext(SLOPE_SIZE))
        values = replicate(measure, case, seed=seed, start=0, stop=replicates)
        support = VORONOI_THRESHOLD.support(case)
        found = interval_of(values, support, functional(case), 1e-3, replicates)
        slopes.append({"share": share, "slope": found.mean, "slope_se": found.se})
    fine = np.linspace(0.0, 1.0, 201).tolist()
    rates = [{"share": t, "rate": float(voronoi_rate(weak_concept_at(t)))} for t in fine]
    return {
        "posteriors": pd.DataFrame(posteriors),
        "slopes": pd.DataFrame(slopes),
        "rates": pd.DataFrame(rates),
    }


def draw(tables: Tables, page: Page) -> Figure:
    """Draw the posterior and the exponent against the position of the weak concept."""
    rates, slopes = tables["rates"], tables["slopes"]
    border = Curve("border of the cell", (BORDER, BORDER), (0.0, 1.0), look=Look(GREY, "", DOTTED))
    posteriors = [
        Curve(f"$n$ = {size}", rows["share"], rows["posterior"], rows["posterior_se"], look)
        for look, (size, rows) in zip(
            SERIES, tables["posteriors"].groupby("num_demonstrations"), strict=False
        )
    ]
    x_label = "share of the way to the wrong concept, $t$"
    highest = max(rates["rate"])
    panels = [
        Panel(
            "where the posterior goes",
            x_label,
            "mean posterior of the intended concept",
            [*posteriors, border],
            y_limits=(-0.03, 1.03),
        ),
        Panel(
            "how fast",
            x_label,
            "decay of the losers (nats per demonstration)",
            [
                Curve(
                    "tilted simulation",
                    slopes["share"],
                    slopes["slope"],
                    slopes["slope_se"],
                    LABELLER,
                    joined=False,
                ),
                Curve("theorem", rates["share"], rates["rate"], look=THEORY),
                Curve("", (BORDER, BORDER), (0.0, highest), look=Look(GREY, "", DOTTED)),
            ],
        ),
    ]
    return panels_figure(panels, page)


def caption(tables: Tables) -> str:
    """Say what is drawn, with the number of replicates."""
    return (
        "The weak concept lies a share t of the way from the intended concept to a wrong concept; the "
        "dotted line is the border of the Voronoi cell. (a) Mean posterior of the intended concept after "
        "n demonstrations. (b) Exponent at which the posterior of the losing concepts decays: simulation "
        f"by exponential tilting at n = {SLOPE_SIZE} (points) and the theorem (dashed). Error bars: two "
        f"Monte Carlo standard errors, {tables['posteriors']['replicates'].iloc[0]:,} replicates, seed 0."
    )


FIGURE = PaperFigure(
    name="voronoi_threshold",
    compute=compute,
    draw=draw,
    caption=caption,
)

if __name__ == "__main__":
    figure_script(FIGURE)
