"""Where do fine-tuned and refined students lie, as seen from the target?"""

import jax.numpy as jnp
import numpy as np
import pandas as pd
from jaxtyping import Array, Float, Key
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Circle

import w2s_sim as w2s
from w2s_sim.cli.progress import track
from w2s_sim.figures import Page, PaperFigure, Tables, figure_script
from w2s_sim.plotting.looks import FLOOR, NAIVE, REFINED
from w2s_sim.plotting.marks import label_point
from w2s_sim.plotting.paper_page import label_axes
from w2s_sim.plotting.ticks import set_plain_ticks
from w2s_sim.statements.shared.quantities import nearest_error, transfer_geometry
from w2s_sim.verify.intervals import sample_summary

NUM_WEAK, NUM_DEMONSTRATIONS = 60, 16
# Students that are drawn one by one; the means use all replicates.
NUM_DRAWN = 250
LOOKS = {"naive": NAIVE, "student": REFINED}


def axes_of(task: w2s.TransferTask) -> Float[Array, "2 d"]:
    """Return the unit vectors along beta_P - beta_Q and beta'_Q - beta_Q, which must be orthogonal."""
    rows = jnp.stack([task.source_vector, task.weak_vector]) - task.target_vector
    return rows / jnp.linalg.norm(rows, axis=1, keepdims=True)


def plane_error(key: Key[Array, ""], data: w2s.WeakData, case: w2s.Case) -> Float[Array, "3"]:
    """Return a student's error along the two axes, and the square of its whole error."""
    error = case.estimator.fit(case.task.source, data, key=key).coefficients - case.task.target_vector
    return jnp.append(axes_of(case.task) @ error, error @ error)


def compute(fast: bool, seed: int) -> Tables:
    """Fit students of every method to many weak data sets."""
    task = w2s.canonical_task()
    source, weak, _ = (float(jnp.sqrt(square)) for square in transfer_geometry(task))
    foot = np.asarray(axes_of(task) @ nearest_error(task))
    points = pd.DataFrame(
        {"point": ["target", "source", "weak", "foot"], "along_source": [0.0, source, 0.0, foot[0]]}
    ).assign(along_weak=[0.0, 0.0, weak, foot[1]])
    # For many labels, ridge eta goes the share 1 / (1 + eta) of the way from the source to the weak model.
    best = float(foot[0] / (source - foot[0]))
    methods = {
        "naive": w2s.Ridge(best, num_weak=NUM_WEAK),
        "student": w2s.Refinement(
            NUM_DEMONSTRATIONS, w2s.LeastSquares(num_weak=NUM_WEAK - NUM_DEMONSTRATIONS)
        ),
    }
    replicates = 512 if fast else 16_384
    students, means = [], []
    for method in track(list(methods)):
        case = w2s.Case(method, task, methods[method])
        values = w2s.replicate(w2s.FromWeakData(plane_error), case, seed=seed, start=0, stop=replicates)
        summaries = [sample_summary(column) for column in values.T]
        names = [f"{name}{end}" for name in ("along_source", "along_weak", "risk") for end in ("", "_se")]
        means.append({"method": method, **dict(zip(names, np.ravel(summaries), strict=True))})
        drawn = pd.DataFrame(values[:NUM_DRAWN, :2], columns=["along_source", "along_weak"])
        students.append(drawn.assign(method=method))
    return {
        "points": points,
        "students": pd.concat(students, ignore_index=True),
        "means": pd.DataFrame(means).assign(replicates=replicates, ridge=best),
    }


def draw(tables: Tables, page: Page) -> Figure:
    """Draw the plane: the segment, the floor's circle, the students and their means."""
    figure, (axes,) = page.figure(height=0.8 * page.width if page.is_single else 4.0)
    place = _places(tables["points"])
    source, weak, foot = (np.asarray(place[name]) for name in ("source", "weak", "foot"))
    axes.plot(*np.transpose([source, weak]), color="black", linewidth=1.0, zorder=2)
    axes.add_patch(
        Circle((0.0, 0.0), float(np.linalg.norm(foot)), fill=False, ec=FLOOR.colour, ls=FLOOR.dashes)
    )
    axes.plot((0.0, foot[0]), (0.0, foot[1]), color=FLOOR.colour, linestyle=":")
    means = tables["means"].set_index("method")
    for method, look in LOOKS.items():
        cloud = tables["students"].query("method == @method")
        axes.plot(cloud["along_source"], cloud["along_weak"], look.marker, color=look.colour, ms=1.8, mew=0)
        mean = means.loc[method, ["along_source", "along_weak"]]
        axes.plot(*mean, look.marker, color=look.colour, ms=6, mec="black", mew=0.8, zorder=5)
    for name in ("source", "weak", "foot"):
        axes.plot(*place[name], marker="o", color="black", ms=4, zorder=4)
    axes.plot(0.0, 0.0, marker="+", color="black", ms=9, zorder=6)
    _write_names(axes, place)
    axes.set(aspect="equal", xlim=(-0.7, 1.42), ylim=(-0.72, 0.9))
    label_axes(
        axes,
        "error along $\\beta_P-\\beta_Q$ (label units)",
        "error along $\\beta'_Q-\\beta_Q$ (label units)",
    )
    for axis in (axes.xaxis, axes.yaxis):
        set_plain_ticks(axis, most=5)
    return figure


def _places(points: pd.DataFrame) -> dict[str, tuple[float, float]]:
    """Return the coordinates of the points by name."""
    rows = zip(points["point"], points["along_source"], points["along_weak"], strict=True)
    return {name: (x, y) for name, x, y in rows}


def _write_names(axes: Axes, place: dict[str, tuple[float, float]]) -> None:
    """Write the name of every point, cloud and line beside it."""
    names = {
        "source": ("strong model, $\\beta_P$", 0, -5),
        "weak": ("weak model, $\\beta'_Q$", 0, 5),
        "target": ("target, $\\beta_Q$", -3, 19),
    }
    for name, (text, dx, dy) in names.items():
        x, y = place[name]
        label_point(axes, text, x, y, "black", dx, dy)
    label_point(axes, "fine-tuned students", 0.58, 0.5, NAIVE.ink, 1, 0)
    label_point(axes, "refined students", 0.0, -0.2, REFINED.ink, 0, -1)
    label_point(axes, "floor of\nfine-tuning", 0.5, -0.36, FLOOR.ink, 2, 0)


def caption(tables: Tables) -> str:
    """Return the caption, with the mean risks of the drawn methods."""
    means = tables["means"].set_index("method")
    risks = {
        name: f"{means.loc[name, 'risk']:.4f} $\\pm$ {means.loc[name, 'risk_se']:.4f}" for name in means.index
    }
    foot = np.asarray(_places(tables["points"])["foot"])
    replicates, ridge = int(means["replicates"].iloc[0]), float(means["ridge"].iloc[0])
    return f"""
        Students as seen from the target, in the plane of the strong model's error and the weak model's error.
        Canonical task ($d = 8$, $K = 4$), {NUM_WEAK} weak labels each. Squares: ridge to the source with
        $\\eta = {ridge:.3f}$, the penalty that is best for many labels; its mean student lies on the segment
        from the strong model to the weak model, never nearer to the target than the floor (dashed circle; the
        dotted radius ends at the nearest point). Single students may lie inside the circle: the floor bounds
        the mean of the squared error, which counts the six directions outside the plane. Triangles: students
        fitted on labels refined with {NUM_DEMONSTRATIONS} demonstrations in context. Small marks: {NUM_DRAWN}
        students; large marks: means of {replicates:,} replicates, with standard errors smaller than the
        marks. Mean squared error: fine-tuned {risks["naive"]}, refined {risks["student"]}, floor
        {float(foot @ foot):.4f}; seed {FIGURE.seed}.
    """


FIGURE = PaperFigure(
    name="plane_of_biases",
    compute=compute,
    draw=draw,
    caption=caption,
    default_width="single",
)

if __name__ == "__main__":
    figure_script(FIGURE)
