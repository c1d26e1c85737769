"""Does the limit of random matrix theory describe fine-tuning at finite sizes?"""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

import w2s_sim as w2s
from w2s_sim.cli.progress import track
from w2s_sim.figures import Page, PaperFigure, Tables, figure_script
from w2s_sim.plotting.looks import FLOOR, SERIES, draw_line, draw_measured
from w2s_sim.plotting.marks import label_point
from w2s_sim.plotting.paper_page import label_axes, title_panels
from w2s_sim.plotting.ticks import set_plain_ticks
from w2s_sim.statements.naive_risk_curve.claim import curve_terms
from w2s_sim.statements.shared.regression_examples import canonical_in

DIM = 40
# Panel a: risk against the penalty, one curve for each d/n. Panel b: against d/n, one curve for each penalty.
RATIOS = (0.25, 0.5, 1.0, 2.0)
RIDGES = (0.03, 0.1, 0.3, 1.0, 3.0, 10.0)
FIXED_RIDGES = (0.01, 0.1, 1.0)
FIXED_SIZES = (400, 200, 100, 67, 50, 44, 40, 36, 32, 27, 20, 13, 8)


def compute(fast: bool, seed: int) -> Tables:
    """Fit students of many penalties and sizes, and evaluate the theorem's curve between them."""
    task = canonical_in(DIM)
    sizes = {ratio: round(DIM / ratio) for ratio in RATIOS}
    cells = [("ridge", size, ridge) for size in sizes.values() for ridge in RIDGES]
    cells += [("ratio", size, ridge) for size in FIXED_SIZES for ridge in FIXED_RIDGES]
    replicates = 64 if fast else 400
    rows = []
    for size in track(sorted({size for _, size, _ in cells}), lambda size: f"d = {DIM}, n = {size}"):
        mine = [(panel, ridge) for panel, each, ridge in cells if each == size]
        students = {f"{panel} {ridge}": w2s.Ridge(ridge, num_weak=size) for panel, ridge in mine}
        frame = w2s.compare(task, students, replicates=replicates, seed=seed, draws="reduced")
        for (panel, ridge), risk, error in zip(mine, frame["risk"], frame["risk_se"], strict=True):
            rows.append({"panel": panel, "num_weak": size, "ridge": ridge, "risk": risk, "risk_se": error})
    etas, ratios = np.geomspace(0.02, 15.0, 80), np.geomspace(0.09, 5.6, 200)
    fine = [("ridge", DIM / size, eta) for size in sizes.values() for eta in etas]
    fine += [("ratio", ratio, eta) for eta in FIXED_RIDGES for ratio in ratios]
    theory = pd.DataFrame(fine, columns=["panel", "ratio", "ridge"])
    limit = curve_terms(task, theory["ratio"].to_numpy(), theory["ridge"].to_numpy())
    points = pd.DataFrame(rows).assign(replicates=replicates)
    return {
        "points": points.assign(ratio=DIM / points["num_weak"]),
        "floor": pd.DataFrame({"risk": [float(w2s.naive_floor(task))]}),
        "theory": theory.assign(risk=sum(np.asarray(part) for part in limit.values())),
    }


def draw(tables: Tables, page: Page) -> Figure:
    """Draw the theorem's curves through the simulated points: against the penalty, and against d/n."""
    figure, (left, right) = page.figure(2, share_y=True)
    title_panels((left, right), ("against the penalty", "against the number of labels"))
    _draw_curves(left, tables, "ridge", "ratio", "$d/n$ = {:g}")
    _draw_curves(right, tables, "ratio", "ridge", "$\\eta$ = {:g}")
    label_axes(left, "ridge to the source, $\\eta$", "excess risk (squared label units)")
    label_axes(
        right,
        "features per weak label, $d/n$",
        "" if not page.is_single else "excess risk (squared label units)",
    )
    return figure


def _draw_curves(axes: Axes, tables: Tables, across: str, held: str, name: str) -> None:
    """Draw the curves of one panel: against `across`, one for each value of `held`."""
    theory, points = (table.loc[table["panel"] == across] for table in (tables["theory"], tables["points"]))
    for value, look in zip(sorted(set(points[held])), SERIES, strict=False):
        curve, dots = (part.loc[np.isclose(part[held], value)] for part in (theory, points))
        draw_line(axes, look, curve[across], curve["risk"])
        draw_measured(
            axes, look, dots[across], dots["risk"], dots["risk_se"], name.format(value), joined=False
        )
    floor = float(tables["floor"]["risk"].iloc[0])
    draw_line(axes, FLOOR, [theory[across].min(), theory[across].max()], [floor, floor])
    label_point(axes, "naive floor", theory[across].max(), floor, FLOOR.ink, -0.1, 2)
    axes.set(xscale="log", yscale="log")
    set_plain_ticks(axes.xaxis)
    set_plain_ticks(axes.yaxis)
    axes.legend()


def caption(tables: Tables) -> str:
    """Return the caption."""
    return f"""
        Excess risk of ridge to the source (points), and its limit as features and labels grow at fixed $d/n$
        (lines), from the traces of the Marchenko--Pastur law. Canonical task with $d = {DIM}$ features and
        biased weak labels. (a) Against the penalty, for several numbers of weak labels. (b) Against $d/n$,
        for several penalties: a small penalty lets the label noise through where $n$ is near $d$. Dashed: the
        floor that no number of labels removes. Bars: 2 Monte Carlo standard errors,
        {int(tables["points"]["replicates"].iloc[0]):,} replicates, seed {FIGURE.seed}.
    """


FIGURE = PaperFigure(
    name="naive_risk_curve",
    compute=compute,
    draw=draw,
    caption=caption,
    default_width="double",
)

if __name__ == "__main__":
    figure_script(FIGURE)
