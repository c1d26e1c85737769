"""On which concept does the posterior settle, and how fast, wherever the weak concept lies?"""

import jax
import jax.numpy as jnp
import numpy as np
import pandas as pd
from jaxtyping import Array, Float, Int, Key
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure

import w2s_sim as w2s
from w2s_sim.cli.progress import track
from w2s_sim.figures import Page, PaperFigure, Tables, figure_script
from w2s_sim.identification.voronoi import seen_from_winner, voronoi_rate, voronoi_winner
from w2s_sim.plotting.looks import SERIES
from w2s_sim.plotting.marks import label_point
from w2s_sim.plotting.paper_page import label_axes, title_panels
from w2s_sim.plotting.ticks import set_plain_ticks
from w2s_sim.statements.voronoi_threshold.placed_weak_concept import (
    PLANE_CONCEPTS,
    cell_borders,
    weak_concept_in_plane,
)

# Half the width of the picture, in units of the concepts, and positions of the weak concept across it.
REACH, EXACT_POSITIONS, SIMULATED_POSITIONS = 1.6, 97, 41
NUM_DEMONSTRATIONS = 16
RATES = (0.05, 0.1, 0.2, 0.4)
SHARES, STYLES = (0.05, 0.5, 0.95), ("dotted", "dashed", "dotted")


@jax.jit
@jax.vmap
def winner_and_rate(position: Float[Array, "2"]) -> tuple[Int[Array, ""], Float[Array, ""]]:
    """Return the concept on which the posterior settles, and the rate at which all others vanish."""
    task = weak_concept_in_plane(position)
    return voronoi_winner(task), voronoi_rate(seen_from_winner(task))


def succeeds(key: Key[Array, ""], positions: Float[Array, "m 2"]) -> Float[Array, " m"]:
    """Return for every position whether one context gives the intended concept more than half of the mass."""

    def one(own_key: Key[Array, ""], position: Float[Array, "2"]) -> Float[Array, ""]:
        task = weak_concept_in_plane(position)
        data = task.sample_weak(NUM_DEMONSTRATIONS, key=own_key)
        log_posterior = task.source.log_posterior(data.inputs, data.labels)
        return (log_posterior[0] > jnp.log(0.5)).astype(float)

    return jax.vmap(one)(jax.random.split(key, len(positions)), positions)


def positions_of(num: int) -> Float[np.ndarray, "m 2"]:
    """Return a square grid of weak concepts, row by row."""
    places = np.linspace(-REACH, REACH, num)
    return np.stack(np.meshgrid(places, places), axis=-1).reshape(-1, 2)


def compute(fast: bool, seed: int) -> Tables:
    """Evaluate winner and rate on a fine grid; simulate contexts on a coarse grid, row by row."""
    exact = positions_of(EXACT_POSITIONS)
    winner, rate = winner_and_rate(jnp.asarray(exact))
    replicates, rows = 64 if fast else 1024, []
    grid = positions_of(SIMULATED_POSITIONS).reshape(SIMULATED_POSITIONS, -1, 2)
    for row in track(list(grid), lambda row: f"weak concepts at height {row[0, 1]:.2f}"):
        values = w2s.replicate(succeeds, jnp.asarray(row), seed=seed, start=0, stop=replicates)
        rows.append(pd.DataFrame(row, columns=["x", "y"]).assign(success=values.mean(axis=0)))
    simulated = pd.concat(rows, ignore_index=True).assign(replicates=replicates)
    return {
        "exact": pd.DataFrame(exact, columns=["x", "y"]).assign(winner=winner, rate=rate),
        "simulated": simulated.assign(
            se=np.sqrt(simulated["success"] * (1 - simulated["success"]) / replicates)
        ),
        "borders": cell_borders(PLANE_CONCEPTS, 3 * REACH),
        "concepts": pd.DataFrame(PLANE_CONCEPTS, columns=["x", "y"]),
    }


def draw(tables: Tables, page: Page) -> Figure:
    """Draw the cells and rates of the theorem, and the simulated share of success."""
    figure, (left, right) = page.figure(2, share_y=True, height=3.0)
    _draw_cells(left, tables["exact"])
    _draw_success(right, tables["simulated"])
    for axes in (left, right):
        for ray in tables["borders"].to_dict("records"):
            axes.plot(
                (ray["x_start"], ray["x_end"]), (ray["y_start"], ray["y_end"]), color="black", linewidth=1.0
            )
        _draw_concepts(axes, tables["concepts"])
        axes.set(xlim=(-REACH, REACH), ylim=(-REACH, REACH), aspect="equal")
        label_axes(axes, "weak concept, first coordinate", "weak concept, second coordinate")
        axes.grid(visible=False)
        set_plain_ticks(axes.xaxis, most=5)
        set_plain_ticks(axes.yaxis, most=5)
    if not page.is_single:
        right.set_ylabel("")
    title_panels((left, right), ("cells and rates", f"share of success, $n$ = {NUM_DEMONSTRATIONS}"))
    return figure


def _draw_concepts(axes: Axes, concepts: pd.DataFrame) -> None:
    """Mark the concepts; the first one is intended."""
    for index, (x, y) in enumerate(zip(concepts["x"], concepts["y"], strict=True)):
        look = SERIES[index]
        axes.plot(x, y, look.marker, color=look.colour, mec="black", mew=0.7, ms=5, zorder=5)
        name = f"$\\beta_{index + 1}$" + ("\n(intended)" if index == 0 else "")
        label_point(axes, name, x, y, "black", 0, -4)


def _square(table: pd.DataFrame, column: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the coordinates of a grid, and a column as a square array."""
    places = np.unique(table["x"])
    return places, places, table[column].to_numpy(dtype=float).reshape(len(places), len(places))


def _draw_cells(axes: Axes, exact: pd.DataFrame) -> None:
    """Draw cells in the colours of their concepts, the stronger the higher the rate, with contours."""
    x, y, rate = _square(exact, "rate")
    winner = _square(exact, "winner")[2].astype(int)
    colours = np.array([to_rgb(SERIES[index].colour) for index in range(len(PLANE_CONCEPTS))])
    strength = (0.12 + 0.6 * np.clip(rate / RATES[-1], 0.0, 1.0))[..., None]
    image = 1.0 - strength * (1.0 - colours[winner])
    axes.imshow(image, extent=(x[0], x[-1], y[0], y[-1]), origin="lower", interpolation="nearest")
    lines = axes.contour(x, y, rate, levels=RATES, colors="black", linewidths=0.5)
    axes.clabel(lines, fmt="%g", fontsize=7)


def _draw_success(axes: Axes, simulated: pd.DataFrame) -> None:
    """Draw the share of contexts that find the intended concept, with contours."""
    x, y, success = _square(simulated, "success")
    axes.imshow(
        success,
        extent=(x[0], x[-1], y[0], y[-1]),
        origin="lower",
        cmap="Blues",
        vmin=0,
        vmax=1.3,
        interpolation="nearest",
    )
    lines = axes.contour(x, y, success, levels=SHARES, colors="black", linewidths=0.6, linestyles=STYLES)
    axes.clabel(lines, levels=[SHARES[0], SHARES[-1]], fmt="%g", fontsize=7)


def caption(tables: Tables) -> str:
    """Return the caption."""
    simulated = tables["simulated"]
    return f"""
        The weak concept at every position of the plane of three concepts; $\\sigma = \\sigma' = 0.5$,
        Gaussian features, equal source prior. (a) By the theorem: colour, the concept on which the posterior
        settles, the nearest one; straight lines, the borders of the Voronoi cells; contours, the rate at
        which the mass of all other concepts vanishes, in nats per demonstration, zero at the borders. (b)
        Simulated: share of contexts of {NUM_DEMONSTRATIONS} demonstrations after which the intended concept
        has more than half of the posterior; contours at {SHARES[0]:g}, {SHARES[1]:g} (dashed) and
        {SHARES[2]:g}; {int(simulated["replicates"].iloc[0]):,} contexts at each of {SIMULATED_POSITIONS}
        $\\times$ {SIMULATED_POSITIONS} positions, standard errors at most {simulated["se"].max():.3f}; seed
        {FIGURE.seed}.
    """


FIGURE = PaperFigure(
    name="voronoi_phase",
    compute=compute,
    draw=draw,
    caption=caption,
    default_width="double",
)

if __name__ == "__main__":
    figure_script(FIGURE)
