"""The threshold of refinement: the posterior as the weak concept crosses the border of the Voronoi cell."""

import pandas as pd
from matplotlib.figure import Figure

from w2s_sim.plotting.style import BAR_STANDARD_ERRORS, BLUE, GREEN, GREY, VERMILION, figure_style
from w2s_sim.plotting.ticks import set_plain_ticks


def threshold_figure(posteriors: pd.DataFrame, slopes: pd.DataFrame, rates: pd.DataFrame) -> Figure:
    """Draw the mean posterior of the intended concept, and the exponent of failure, against the weak concept.

    The horizontal axis is the share t of the way from the intended concept to the wrong one.

    Args:
        posteriors: Columns share (t), num_demonstrations, posterior, posterior_se.
        slopes: Exponents measured by tilted sampling, in nats per demonstration; columns share, slope,
            slope_se.
        rates: The theorem's exponents; columns share, rate.
    """
    with figure_style():
        figure = Figure(figsize=(9.0, 3.7), layout="constrained")
        left, right = figure.subplots(1, 2)
        sizes = sorted(set(posteriors["num_demonstrations"]))
        for size, colour in zip(sizes, (GREY, GREEN, BLUE), strict=True):
            curve = posteriors.loc[posteriors["num_demonstrations"] == size]
            left.errorbar(
                curve["share"],
                curve["posterior"],
                yerr=BAR_STANDARD_ERRORS * curve["posterior_se"],
                color=colour,
                label=f"$n={size}$",
            )
        left.set_ylabel("mean posterior of the intended concept")
        left.set_title("where the posterior goes", loc="left")
        right.plot(rates["share"], rates["rate"], color=VERMILION, linestyle="--", label="theorem")
        right.errorbar(
            slopes["share"],
            slopes["slope"],
            yerr=BAR_STANDARD_ERRORS * slopes["slope_se"],
            color=BLUE,
            linestyle="none",
            marker="o",
            markersize=4.5,
            capsize=3,
            label="tilted simulation",
        )
        right.set_ylabel("decay of the losers (nats per demonstration)")
        right.set_title("how fast", loc="left")
        for axes in (left, right):
            axes.axvline(0.5, color=GREY, linestyle=":", linewidth=1.0)
            axes.set_xlabel("weak concept: share of the way to the wrong one, $t$")
            axes.set_ylim(bottom=0)
            set_plain_ticks(axes.xaxis)
            set_plain_ticks(axes.yaxis)
            axes.legend(loc="best")
        left.annotate(
            "border of the Voronoi cell", (0.5, 0.97), xytext=(5, 0), textcoords="offset points", color=GREY
        )
    return figure
