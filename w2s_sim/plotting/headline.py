"""The headline figure: naive fine-tuning stays above its floor, refinement falls below it."""

import pandas as pd
from matplotlib.figure import Figure

from w2s_sim.plotting.style import BAR_STANDARD_ERRORS, BLUE, GREY, ORANGE, VERMILION, figure_style
from w2s_sim.plotting.ticks import set_plain_ticks


def headline_figure(naive: pd.DataFrame, refined: pd.DataFrame, bound: pd.DataFrame, floor: float) -> Figure:
    """Draw the excess risk against the number of weak labels.

    Args:
        naive: Fine-tuned students, with columns num_weak, risk, risk_se.
        refined: The strong model refined in context, with columns num_demonstrations, risk, risk_se.
        bound: The theorem's upper bound on the risk of refinement, with columns num_demonstrations, bound.
        floor: The theorem's lower bound on the risk of fine-tuning.
    """
    with figure_style():
        figure = Figure(figsize=(7.2, 4.2), layout="constrained")
        axes = figure.subplots()
        axes.axhline(floor, color=ORANGE, linestyle="--", linewidth=1.2)
        for frame, column, colour, marker, label in (
            (naive, "num_weak", ORANGE, "s", "naive fine-tuning"),
            (refined, "num_demonstrations", BLUE, "o", "refinement: the labels read in context"),
        ):
            axes.errorbar(
                frame[column],
                frame["risk"],
                yerr=BAR_STANDARD_ERRORS * frame["risk_se"],
                color=colour,
                marker=marker,
                markersize=4.5,
                capsize=3,
                label=label,
            )
        axes.plot(
            bound["num_demonstrations"],
            bound["bound"],
            color=VERMILION,
            linestyle=":",
            linewidth=1.6,
            label="upper bound on refinement",
        )
        axes.annotate(
            f"floor {floor:.3f}: no sample size, no ridge gets below",
            (naive["num_weak"].max(), floor),
            xytext=(0, -11),
            textcoords="offset points",
            ha="right",
            va="center",
            color="#8a5f00",
        )
        axes.set_xscale("log", base=2)
        axes.set_yscale("log")
        ticks = sorted(set(naive["num_weak"]) | set(refined["num_demonstrations"]))
        axes.set_xticks(ticks, [str(tick) for tick in ticks])
        axes.minorticks_off()
        set_plain_ticks(axes.yaxis)
        axes.set_xlabel("weak labels (demonstrations), $n$")
        axes.set_ylabel("excess risk (squared label units)")
        axes.legend(loc="center right")
        note = "Error bars: 2 Monte Carlo standard errors."
        axes.text(0.0, -0.17, note, transform=axes.transAxes, color=GREY, fontsize=8)
    return figure
