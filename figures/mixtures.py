"""A mixture is wanted: what do contexts transfer that share one concept, and contexts that do not?"""

import jax.numpy as jnp
import numpy as np
import pandas as pd
from jaxtyping import Array, Float, Key
from matplotlib.axes import Axes
from matplotlib.figure import Figure

import w2s_sim as w2s
from w2s_sim.cli.progress import track
from w2s_sim.figures import Page, PaperFigure, Tables, figure_script
from w2s_sim.plotting.looks import LOWER_BOUND, UPPER_BOUND, Look, draw_line, draw_measured
from w2s_sim.plotting.marks import mark_leaving
from w2s_sim.plotting.paper_page import label_axes, title_panels
from w2s_sim.plotting.style import GREEN, PURPLE
from w2s_sim.plotting.ticks import mark_values, set_plain_ticks
from w2s_sim.statements.grouped_transfer.lemmas import transfer_bound
from w2s_sim.statements.mixture_collapse.claim import bound as collapse_bound
from w2s_sim.statements.mixture_collapse.lemmas import two_of_four
from w2s_sim.statements.mixture_collapse.posterior_limit import collapse, competitor_terms
from w2s_sim.statements.shared.grouped_terms import student_terms
from w2s_sim.statements.shared.refined_risk import REFINED_RISK
from w2s_sim.verify.intervals import sample_summary

SHARE = 0.3
SIZES = (1, 2, 4, 8, 16, 32, 64, 128, 256)
FINE_SIZES = tuple(np.unique(np.round(np.geomspace(1, 256, 25)).astype(int)).tolist())
NUM_QUERIES = 300
# Grouped contexts, and ungrouped ones.
LOOKS = {True: Look(GREEN, "^"), False: Look(PURPLE, "v")}


def wanted_weight(key: Key[Array, ""], data: w2s.WeakData, case: w2s.Case) -> Float[Array, ""]:
    """Return the posterior of the target's likelier concept, k0, after one context."""
    return case.estimator.fit(case.task.source, data, key=key).prior[collapse(case.task).concept]


def compute(fast: bool, seed: int) -> Tables:
    """Average posteriors over contexts, and risks over students of many contexts; evaluate the bounds."""
    task, rows = two_of_four(SHARE), []
    counts = {"weight": 512 if fast else 16_384, "risk": 8 if fast else 64}
    for size in track(SIZES, lambda size: f"n = {size}"):
        student = w2s.Refinement(size, w2s.LeastSquares(num_weak=NUM_QUERIES), context="fresh")
        parts = {
            "weight": (w2s.FromWeakData(wanted_weight), w2s.InContext(size)),
            "risk": (REFINED_RISK, student),
        }
        for grouped in (True, False):
            for quantity, (measure, estimator) in parts.items():
                case, count = w2s.Case("", task, estimator, grouped), counts[quantity]
                mean, error = sample_summary(w2s.replicate(measure, case, seed=seed, start=0, stop=count))
                names = ("quantity", "grouped", "num_demonstrations", "mean", "se", "replicates")
                rows.append(dict(zip(names, (quantity, grouped, size, mean, error, count), strict=True)))
    wanted = float(task.target_prior[collapse(task).concept])
    bounds = []
    for size in track(FINE_SIZES, lambda size: f"bounds at n = {size}"):
        grouped = w2s.Case("", task, w2s.InContext(size), True)
        student = w2s.Refinement(size, w2s.LeastSquares(num_weak=NUM_QUERIES), context="fresh")
        moved = 0.5 * float(transfer_bound(grouped))
        lost = float(jnp.sum(competitor_terms(task, jnp.asarray(float(size)))))
        bounds.append(
            {
                "num_demonstrations": size,
                "grouped_low": wanted - moved,
                "grouped_high": wanted + moved,
                "ungrouped_low": 1.0 - lost,
                "grouped_risk": float(sum(student_terms(w2s.Case("", task, student, True)).values())),
                "ungrouped_risk": float(collapse_bound(w2s.Case("", task, student))),
            }
        )
    limits = pd.DataFrame({"weight": [wanted], "risk": [float(collapse(task).error)]})
    return {"measured": pd.DataFrame(rows), "bounds": pd.DataFrame(bounds), "limits": limits}


def draw(tables: Tables, page: Page) -> Figure:
    """Draw the weight that the mean posterior gives, and the risk of students."""
    figure, (left, right) = page.figure(2)
    _draw_measured(left, tables["measured"], "weight")
    _draw_measured(right, tables["measured"], "risk")
    bounds, limits = tables["bounds"], tables["limits"].iloc[0]
    sizes = bounds["num_demonstrations"]
    left.fill_between(
        sizes, bounds["grouped_low"], bounds["grouped_high"], color=GREEN, alpha=0.12, linewidth=0
    )
    draw_line(left, LOWER_BOUND, sizes, bounds["ungrouped_low"])
    draw_line(right, LOWER_BOUND, sizes, bounds["ungrouped_risk"])
    draw_line(right, UPPER_BOUND, sizes, bounds["grouped_risk"])
    for axes, limit in ((left, limits["weight"]), (right, limits["risk"])):
        axes.axhline(limit, color="black", linewidth=0.6)
        axes.set(xscale="log")
        mark_values(axes.xaxis, SIZES, 2.2)
    left.set(ylim=(0.0, 1.06))
    right.set(yscale="log", ylim=(0.012, 2.0))
    label_axes(left, "demonstrations in a context, $n$", "mean posterior of the likelier concept")
    label_axes(right, "demonstrations in a context, $n$", "excess risk (squared label units)")
    title_panels((left, right), ("the transferred prior", "a student of many contexts"))
    mark_leaving(left)
    mark_leaving(right)
    set_plain_ticks(right.yaxis)
    _write_names(left, right, float(limits["weight"]), float(limits["risk"]))
    return figure


def _draw_measured(axes: Axes, measured: pd.DataFrame, quantity: str) -> None:
    for grouped, look in LOOKS.items():
        rows = measured.loc[(measured["quantity"] == quantity) & (measured["grouped"] == grouped)]
        draw_measured(axes, look, rows["num_demonstrations"], rows["mean"], rows["se"])


def _write_names(left: Axes, right: Axes, wanted: float, limit: float) -> None:
    """Write the names of curves, bounds and limits beside them."""
    green, purple, red = LOOKS[True].ink, LOOKS[False].ink, LOWER_BOUND.ink
    for axes, x, y, text, colour, side in (
        (left, 270, 0.62, "grouped", green, "right"),
        (left, 36, 0.93, "ungrouped", purple, "right"),
        (left, 1.1, 0.78, "here the\ngrouped mean\nmust lie", green, "left"),
        (left, 36, 0.2, "lower bound,\nungrouped", red, "left"),
        (left, 270, wanted + 0.015, "wanted", "black", "right"),
        (right, 5.2, 0.031, "grouped", green, "right"),
        (right, 31, 0.043, "ungrouped", purple, "left"),
        (right, 6.5, 0.6, "upper bound, grouped", red, "left"),
        (right, 96, 0.0128, "lower bound, ungrouped", red, "right"),
        (right, 270, 1.1 * limit, "limit, ungrouped", "black", "right"),
    ):
        axes.text(x, y, text, color=colour, ha=side, va="bottom", fontsize=7)


def caption(tables: Tables) -> str:
    """Return the caption."""
    counts = tables["measured"].groupby("quantity")["replicates"].first()
    return f"""
        A mixture is wanted: {SHARE:g} of the first and {1 - SHARE:g} of the fourth concept of the canonical
        task. Triangles up: all labels of a context show one concept (grouped). Triangles down: every label
        draws its own (ungrouped). (a) Mean posterior of the likelier concept after one context of $n$ weak
        demonstrations ({counts["weight"]:,} contexts). Grouped contexts recover the wanted weight, within the
        band of the grouped-transfer bound; ungrouped contexts collapse on the likelier concept, above the
        Chernoff bound. (b) Risk of a student fitted on {NUM_QUERIES} labels, each refined in a context of its
        own ({counts["risk"]:,} students, averaged over queries and label noise in closed form), between the
        upper bound for grouped contexts and the mixture-collapse bound, which tends to the squared distance
        of the likelier concept from the target. Bars: 2 standard errors. Seed {FIGURE.seed}.
    """


FIGURE = PaperFigure(
    name="mixtures",
    compute=compute,
    draw=draw,
    caption=caption,
    default_width="double",
)

if __name__ == "__main__":
    figure_script(FIGURE)
