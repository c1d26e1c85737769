"""The pictures of the explorer, drawn from the numbers of the `live_` modules."""

import contextlib
from collections.abc import Iterator

import numpy as np
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from w2s_sim.plotting.style import BAR_STANDARD_ERRORS, BLUE, GREEN, GREY, ORANGE, figure_style
from w2s_sim.plotting.ticks import set_plain_ticks
from w2s_sim.teaching.live_posterior import Curve
from w2s_sim.teaching.pictures import Picture

BANDS = f"Bands: ±{BAR_STANDARD_ERRORS:g} Monte Carlo standard errors."

# In inches: a picture of this width is legible on a telephone.
WIDTH = 4.6


@contextlib.contextmanager
def _drawing(height: float) -> Iterator[tuple[Figure, Axes]]:
    """Make a figure with one pair of axes, to be drawn inside the `with` block in the project's style."""
    with figure_style():
        figure = Figure(figsize=(WIDTH, height), layout="constrained")
        yield figure, figure.subplots()


def risk_picture(
    naive: tuple[Float[np.ndarray, " sizes"], Curve],
    labeller: tuple[Float[np.ndarray, " sizes"], Curve],
    refined: tuple[Float[np.ndarray, " sizes"], Curve],
    floor: float,
    bounds: tuple[Float[np.ndarray, " sizes"], Float[np.ndarray, " sizes"]] | None,
    num_weak: int,
) -> Picture:
    """Draw mean excess risks against n, with the naive floor and the bounds on refinement.

    Args:
        naive: Numbers of weak pairs, and the risks of naive fine-tuning.
        labeller: Numbers of demonstrations, and the risks of the strong model that has read them.
        refined: The same numbers, and the risks of the refined student.
        floor: The naive floor.
        bounds: Upper bounds on labeller and refined student at their numbers; None if the theorem does not
            apply.
        num_weak: The position of the control n, which a vertical line marks.
    """
    with _drawing(3.6) as (figure, axes):
        for (sizes, curve), colour, marker, label in (
            (naive, ORANGE, "s", "naive fine-tuning"),
            (labeller, BLUE, "o", "labeller (in context)"),
            (refined, GREEN, "^", "refined student"),
        ):
            _band(axes, sizes, curve, colour, marker, label)
        axes.axhline(floor, color=ORANGE, linestyle="--", linewidth=1.3, label="naive floor")
        if bounds is not None:
            for bound, colour in zip(bounds, (BLUE, GREEN), strict=True):
                axes.plot(labeller[0], bound, color=colour, linestyle=":", linewidth=1.3)
            axes.plot([], [], color=GREY, linestyle=":", linewidth=1.3, label="upper bounds")
        axes.axvline(num_weak, color=GREY, linewidth=0.8)
        axes.set_xscale("log", base=2)
        axes.set_yscale("log")
        largest = np.nanmax(naive[1].mean[np.isfinite(naive[1].mean)])
        axes.set_ylim(
            max(3e-4, 0.3 * min(floor or 1.0, float(labeller[1].mean.min()))), 3.0 * max(1.0, largest)
        )
        ticks = [1, 4, 16, 64, 256]
        axes.set_xticks(ticks, [str(tick) for tick in ticks])
        axes.minorticks_off()
        set_plain_ticks(axes.yaxis)
        axes.set_xlabel("weak pairs or demonstrations, $n$")
        axes.set_ylabel("excess risk (squared label units)")
        figure.legend(loc="outside lower center", ncols=2, fontsize=8)
    at = int(np.argmin(np.abs(labeller[0] - num_weak)))
    description = (
        f"Mean excess risk against n. At n = {labeller[0][at]}: labeller {labeller[1].mean[at]:.3g}, "
        f"refined student {refined[1].mean[at]:.3g}; naive floor {floor:.3g}."
    )
    without = "" if bounds is not None else " The bounds on refinement need a point-mass target."
    return Picture(figure, f"Points are means. {BANDS} The grey line marks $n$.{without}", description)


def _band(axes: Axes, sizes: np.ndarray, curve: Curve, colour: str, marker: str, label: str) -> None:
    """Draw means with a line and markers, and a band of standard errors."""
    half = BAR_STANDARD_ERRORS * curve.error
    axes.fill_between(
        sizes, np.maximum(curve.mean - half, 1e-12), curve.mean + half, color=colour, alpha=0.25
    )
    axes.plot(sizes, curve.mean, color=colour, marker=marker, markersize=3.5, linewidth=1.2, label=label)
