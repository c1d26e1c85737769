"""How does the posterior move over three concepts, if the weak model is right, undecided or wrong?"""

import jax.numpy as jnp
import numpy as np
import pandas as pd
from jaxtyping import Array, Float, Key
from matplotlib.axes import Axes
from matplotlib.figure import Figure

import w2s_sim as w2s
from w2s_sim.cli.progress import track
from w2s_sim.figures import Page, PaperFigure, Tables, figure_script
from w2s_sim.plotting.looks import SERIES
from w2s_sim.plotting.marks import label_point
from w2s_sim.plotting.paper_page import title_panels
from w2s_sim.plotting.style import GREY
from w2s_sim.statements.voronoi_threshold.placed_weak_concept import PLANE_CONCEPTS, weak_concept_in_plane

# Position of the weak concept on the way from the intended concept to the second one.
WEAK_SHARES = {"in the right cell": 0.3, "on the border": 0.5, "in the wrong cell": 0.7}
# So noisy that a single demonstration decides little.
NOISE, LENGTH, NUM_DRAWN = 1.2, 64, 20
SETTLED = 0.95
# Corners of the triangle, one for each concept.
CORNERS = np.array([[0.0, 0.0], [1.0, 0.0], [0.5, 0.75**0.5]])


def path(key: Key[Array, ""], data: w2s.WeakData, case: w2s.Case) -> Float[Array, " steps_K"]:
    """Return the posteriors after 0, 1, ..., n demonstrations, one after the other."""
    return jnp.exp(case.task.source.log_posterior_path(data.inputs, data.labels)).ravel()


def compute(fast: bool, seed: int) -> Tables:
    """Simulate the paths of many contexts for every position of the weak concept."""
    replicates, paths, ends = 256 if fast else 4096, [], []
    for place, share in track(list(WEAK_SHARES.items()), lambda step: step[0]):
        weak = PLANE_CONCEPTS[0] + share * (PLANE_CONCEPTS[1] - PLANE_CONCEPTS[0])
        case = w2s.Case(place, weak_concept_in_plane(jnp.asarray(weak), NOISE), w2s.InContext(LENGTH))
        values = w2s.replicate(w2s.FromWeakData(path), case, seed=seed, start=0, stop=replicates)
        values = values.reshape(replicates, LENGTH + 1, len(PLANE_CONCEPTS))
        settled = np.mean(values[:, -1] > SETTLED, axis=0)
        for concept, part in enumerate(settled):
            error = np.sqrt(part * (1 - part) / replicates)
            ends.append({"place": place, "concept": concept, "settled": part, "settled_se": error})
        for index, drawn in enumerate(values[:NUM_DRAWN]):
            frame = pd.DataFrame(drawn @ CORNERS, columns=["x", "y"])
            last = int(np.argmax(drawn[-1])) if drawn[-1].max() > SETTLED else -1
            paths.append(frame.assign(place=place, path=index, step=range(LENGTH + 1), end=last))
    return {
        "paths": pd.concat(paths, ignore_index=True),
        "ends": pd.DataFrame(ends).assign(replicates=replicates),
    }


def draw(tables: Tables, page: Page) -> Figure:
    """Draw a triangle for every position of the weak concept, with the paths in it."""
    figure, panels = page.figure(len(WEAK_SHARES), height=2.4)
    for axes, place in zip(panels, WEAK_SHARES, strict=True):
        paths, ends = (tables[name].loc[tables[name]["place"] == place] for name in ("paths", "ends"))
        _draw_triangle(axes, ends)
        for _, steps in paths.groupby("path"):
            end = int(steps["end"].iloc[0])
            colour = SERIES[end].colour if end >= 0 else GREY
            axes.plot(steps["x"], steps["y"], color=colour, linewidth=0.5, alpha=0.8, zorder=2)
            axes.plot(
                steps["x"].iloc[-1],
                steps["y"].iloc[-1],
                SERIES[end].marker if end >= 0 else ".",
                color=colour,
                ms=3,
                zorder=3,
            )
        axes.plot(*CORNERS.mean(axis=0), ".", color="black", ms=6, zorder=4)
    title_panels(panels, [f"weak model {place}" for place in WEAK_SHARES])
    return figure


def _draw_triangle(axes: Axes, ends: pd.DataFrame) -> None:
    """Draw the triangle, and write at every corner how many contexts settle there."""
    closed = np.vstack([CORNERS, CORNERS[:1]])
    axes.plot(*closed.T, color="black", linewidth=0.8)
    for row in ends.to_dict("records"):
        concept = int(row["concept"])
        name = f"$\\beta_{concept + 1}$" + (" (intended)" if concept == 0 else "")
        text = f"{name}\n{100 * row['settled']:.1f}%"
        x, y = CORNERS[concept]
        label_point(axes, text, x, y, SERIES[concept].ink, 0, 4 if concept == 2 else -4)
    axes.set(xlim=(-0.15, 1.15), ylim=(-0.22, 1.12), aspect="equal")
    axes.grid(visible=False)
    axes.set(xticks=[], yticks=[])
    axes.spines[:].set_visible(False)


def caption(tables: Tables) -> str:
    """Return the caption."""
    ends, shares = tables["ends"], ", ".join(f"{share:g}" for share in WEAK_SHARES.values())
    return f"""
        Posteriors over three concepts as weak demonstrations are read, from the equal prior (dot) to the
        {LENGTH}th demonstration. The weak concept lies on the way from the intended concept to the second
        one, at {shares} of the way; the border of the
        Voronoi cells is half way. {NUM_DRAWN} contexts are drawn, in the colour of the concept that ends with
        more than {SETTLED:g} of the posterior (grey: none). Numbers: share of contexts that end there, of
        {int(ends["replicates"].iloc[0]):,}, with standard errors of at most
        {100 * ends["settled_se"].max():.1f} percentage points. $d = 2$, $\\sigma = \\sigma' = {NOISE:g}$,
        Gaussian features; seed {FIGURE.seed}.
    """


FIGURE = PaperFigure(
    name="posterior_paths",
    compute=compute,
    draw=draw,
    caption=caption,
    default_width="double",
)

if __name__ == "__main__":
    figure_script(FIGURE)
