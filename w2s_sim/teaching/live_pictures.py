"""The pictures of the explorer, drawn from the numbers of the `live_` modules."""

import contextlib
from collections.abc import Iterator, Sequence

import numpy as np
from jaxtyping import Float, Int
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from w2s_sim.plotting.looks import FLOOR, LABELLER, NAIVE, REFINED, SERIES, THEORY, UPPER_BOUND, Look
from w2s_sim.plotting.style import BAR_STANDARD_ERRORS, BLACK, GREY, figure_style
from w2s_sim.plotting.ticks import set_plain_ticks
from w2s_sim.statements import Statement
from w2s_sim.teaching.curves import Curve
from w2s_sim.teaching.live_posterior import CONTEXTS
from w2s_sim.teaching.live_voronoi import VoronoiPlane
from w2s_sim.teaching.pictures import Picture
from w2s_sim.verify import Verdict

BANDS = f"Bands and bars: ±{BAR_STANDARD_ERRORS:g} Monte Carlo standard errors."
# In inches: a picture of this width is legible on a telephone.
WIDTH = 4.6
# Share of the opacity of the bands, and of the cells, which lie behind everything else.
PALE = 0.25
# What a logarithmic axis shows at least, in squared label units.
SMALLEST_RISK = 3e-4


@contextlib.contextmanager
def _drawing(*heights: float) -> Iterator[tuple[Figure, list[Axes]]]:
    """Make a figure with pairs of axes of these heights, one below the other, in the project's style."""
    with figure_style():
        figure = Figure(figsize=(WIDTH, sum(heights)), layout="constrained")
        yield figure, list(figure.subplots(len(heights), height_ratios=heights, squeeze=False)[:, 0])


def risk_picture(
    naive: tuple[Int[np.ndarray, " sizes"], Curve],
    labeller: tuple[Int[np.ndarray, " shown"], Curve],
    refined: tuple[Int[np.ndarray, " shown"], Curve],
    floor: float,
    bounds: tuple[Float[np.ndarray, " shown"], Float[np.ndarray, " shown"]] | None,
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
    with _drawing(3.6) as (figure, (axes,)):
        for (sizes, curve), look, label in (
            (naive, NAIVE, "naive fine-tuning"),
            (labeller, LABELLER, "labeller, in context"),
            (refined, REFINED, "refined student"),
        ):
            _band(axes, sizes, curve, look, label)
        axes.axhline(floor, color=FLOOR.colour, linestyle=FLOOR.dashes, linewidth=1.3, label="naive floor")
        for bound, label in zip(bounds or (), ("upper bounds on the two", "_nolegend_"), strict=False):
            axes.plot(labeller[0], bound, color=UPPER_BOUND.colour, linestyle=UPPER_BOUND.dashes, label=label)
        axes.axvline(num_weak, color=GREY, linewidth=0.8)
        axes.set_yscale("log")
        finite = [curve.mean[np.isfinite(curve.mean)] for _, curve in (naive, labeller, refined)]
        values = np.concatenate([*finite, [floor or 1.0]])
        axes.set_ylim(max(SMALLEST_RISK, 0.5 * values.min()), 2.0 * values.max())
        _set_sizes(axes, (1, 4, 16, 64, 256))
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
    caption = (
        f"Points are means. {BANDS} The grey line marks $n$. Where the labeller hardly ever errs, its mean "
        f"rests on few of the {CONTEXTS} contexts, and its band is too narrow.{without}"
    )
    return Picture(figure, caption, description)


def posterior_picture(
    paths: Float[np.ndarray, "contexts steps K"], num_weak: int, shown: int, wanted: int
) -> Picture:
    """Draw the posterior over the concepts against n, for one context and in the mean, and as bars at n.

    Args:
        paths: Posteriors after every demonstration.
        num_weak: The n of the bars.
        shown: The context that is shown.
        wanted: The intended concept k*, from 0.
    """
    means = [Curve.of(paths[:, :, k]) for k in range(paths.shape[2])]
    steps = np.arange(paths.shape[1])
    with _drawing(2.5, 1.7) as (figure, (above, below)):
        for k, (curve, look) in enumerate(zip(means, SERIES, strict=False)):
            sparse = Look(look.colour, "", look.dashes)
            star = " $=k^*$" if k == wanted else ""
            _band(above, steps[1:], Curve(curve.mean[1:], curve.error[1:]), sparse, f"concept {k + 1}{star}")
            above.plot(steps[1:], paths[shown, 1:, k], color=look.colour, linewidth=0.8, linestyle=":")
            bar = BAR_STANDARD_ERRORS * curve.error[num_weak]
            below.bar(k + 1, curve.mean[num_weak], yerr=bar, color=look.colour, width=0.6, capsize=3)
            below.plot(k + 1, paths[shown, num_weak, k], "D", color=BLACK, markerfacecolor="white")
        above.axvline(num_weak, color=GREY, linewidth=0.8)
        _set_sizes(above, (1, 2, 4, 8, 16, 32, 64, 128))
        above.set_xlabel("demonstrations, $n$")
        below.set_xticks(range(1, len(means) + 1))
        below.set_xlabel(f"concept $k$, at $n={num_weak}$")
        for axes in (above, below):
            axes.set_ylim(-0.02, 1.02)
            axes.set_ylabel("posterior $\\pi_n(k)$")
        figure.legend(loc="outside lower center", ncols=2, fontsize=8)
    told = ", ".join(f"{curve.mean[num_weak]:.3f} for concept {k + 1}" for k, curve in enumerate(means))
    caption = (
        f"Solid lines and bars: means over {len(paths)} contexts. {BANDS} "
        "Dotted lines and diamonds: one context."
    )
    return Picture(figure, caption, f"Mean posterior at n = {num_weak}: {told}.")


def voronoi_picture(plane: VoronoiPlane) -> Picture:
    """Draw the cells of the concepts in a plane, and the weak concept among them."""
    star = plane.through[0]
    with _drawing(3.8) as (figure, (axes,)):
        for k, look in enumerate(SERIES[: len(plane.concepts)]):
            mine = (plane.nearest == k).astype(float)
            if mine.any():
                axes.contourf(plane.x, plane.y, mine, levels=[0.5, 1.5], colors=[look.colour], alpha=PALE)
                axes.contour(plane.x, plane.y, mine, levels=[0.5], colors=[GREY], linewidths=0.8)
        for k in plane.through:
            axes.plot(*plane.concepts[k], SERIES[k].marker, color=SERIES[k].colour, markeredgecolor=BLACK)
            name = f"$\\beta_{k + 1}$" + (" $=\\beta_*$" if k == star else "")
            axes.annotate(name, plane.concepts[k], xytext=(6, 6), textcoords="offset points", fontsize=10)
        arrow = {"arrowstyle": "->", "color": BLACK, "linewidth": 1.2}
        weak: tuple[float, float] = tuple(plane.weak)
        axes.annotate("", weak, xytext=plane.concepts[star], arrowprops=arrow)
        axes.plot(*plane.weak, "X", color=BLACK, markersize=8)
        axes.annotate("$\\beta'_*$", weak, xytext=(6, -14), textcoords="offset points", fontsize=10)
        axes.set_aspect("equal")
        axes.grid(visible=False)
        axes.set_xlabel("along the plane (label units)")
        axes.set_ylabel("along the plane (label units)")
    rival = int(np.nanargmax(plane.shares))
    wins = f"concept {plane.winner + 1}" + (", the intended one" if plane.winner == star else "")
    caption = (
        f"The weak version $\\beta'_\\star$ of the intended concept lies {plane.off_plane:.2f} label units "
        f"off this plane. It is nearest to **{wins}**: if only its labels are shown, the posterior "
        "concentrates there. It lies "
        f"$t={plane.shares[rival]:.2f}$ of the way to concept {rival + 1}; the border is at $t=0.5$."
    )
    description = (
        f"Voronoi cells in the plane through concepts {', '.join(str(k + 1) for k in plane.through)}; "
        f"the weak concept is nearest to {wins}, t = {plane.shares[rival]:.2f} towards concept {rival + 1}."
    )
    return Picture(figure, caption, description)


def verdict_picture(statement: Statement, verdicts: Sequence[Verdict]) -> Picture:
    """Draw the interval of the measured number after every look, beside the bound.

    Args:
        statement: The theorem.
        verdicts: At least one look.
    """
    last = verdicts[-1]
    with _drawing(3.0) as (figure, (axes,)):
        for look in verdicts:
            ends = np.array([[look.measured - look.ci_low], [look.ci_high - look.measured]])
            axes.errorbar(
                [max(look.replicates, 1)],
                [look.measured],
                yerr=np.maximum(ends, 0.0),
                fmt="o",
                color=SERIES[0].colour,
            )
        axes.axhline(last.bound, color=THEORY.colour, linestyle=THEORY.dashes, label="what the theorem says")
        _set_sizes(axes, [max(look.replicates, 1) for look in verdicts])
        set_plain_ticks(axes.yaxis)
        axes.set_xlabel("replicates")
        axes.set_ylabel(statement.quantity or "measured number", fontsize=8)
        axes.legend(loc="best", fontsize=8)
    description = (
        f"{statement.id} after {last.replicates} replicates: measured {last.measured:.4g}, standard error "
        f"{last.se:.2g}, interval from {last.ci_low:.4g} to {last.ci_high:.4g}, bound {last.bound:.4g}."
    )
    caption = (
        f"Measured {last.measured:.4g} ± {last.se:.2g} (Monte Carlo standard error), interval "
        f"[{last.ci_low:.4g}, {last.ci_high:.4g}], bound {last.bound:.4g}. The intervals hold at all looks "
        "together with probability 99.9%."
    )
    return Picture(figure, caption, description)


def _band(axes: Axes, sizes: Int[np.ndarray, " points"], curve: Curve, look: Look, label: str) -> None:
    """Draw means with a line and markers, and a band of standard errors."""
    half = BAR_STANDARD_ERRORS * curve.error
    # On a logarithmic axis, a band that reaches zero ends far below the axis.
    low = np.maximum(curve.mean - half, 1e-12)
    axes.fill_between(sizes, low, curve.mean + half, color=look.colour, alpha=PALE, linewidth=0.0)
    axes.plot(
        sizes,
        curve.mean,
        color=look.colour,
        marker=look.marker or None,
        linestyle=look.dashes,
        markersize=3.5,
        linewidth=1.2,
        label=label,
    )


def _set_sizes(axes: Axes, ticks: Sequence[int]) -> None:
    """Make the horizontal axis logarithmic, with ticks at these numbers."""
    axes.set_xscale("log", base=2)
    axes.set_xticks(list(ticks), [str(tick) for tick in ticks])
    axes.minorticks_off()
