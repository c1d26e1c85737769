"""Does refinement fall below the floor that no fine-tuning on weak labels passes?"""

import pandas as pd
from matplotlib.figure import Figure

import w2s_sim as w2s
from w2s_sim.cli.progress import track
from w2s_sim.figures import Page, PaperFigure, Tables, figure_script
from w2s_sim.plotting.looks import FLOOR, LABELLER, NAIVE, REFINED, UPPER_BOUND, draw_line, draw_measured
from w2s_sim.plotting.marks import label_point, mark_leaving
from w2s_sim.plotting.paper_page import axis_width, label_axes
from w2s_sim.plotting.ticks import mark_values, set_plain_ticks
from w2s_sim.statements.shared.quantities import concept_diameter

# Failures of identification are rare, so that the labeller's mean needs many replicates.
LABELLER_REPLICATES = {1: 20_000, 2: 20_000, 4: 50_000, 8: 100_000, 16: 400_000, 32: 4_000_000}
REPLICATES = 4000
NAIVE_SIZES = (4, 8, 16, 32, 64, 128, 256, 512, 1024)
STUDENT_SIZES = (32, 64, 128, 256, 512, 1024)
# The labeller reads at most this many pairs; the others are relabelled for the student.
MOST_READ = 32
DRAFT = 100


def refinement(size: int) -> w2s.Refinement:
    """Return the refinement of n pairs in total: half of them, or 32, are read, and the rest relabelled."""
    read = min(size // 2, MOST_READ)
    return w2s.Refinement(read, w2s.LeastSquares(num_weak=size - read))


def compute(fast: bool, seed: int) -> Tables:
    """Simulate the three learners at several numbers of weak labels, and evaluate floor and bound."""
    task = w2s.canonical_task()
    steps = [
        *(("naive", n, w2s.Ridge(0.3, num_weak=n), REPLICATES) for n in NAIVE_SIZES),
        *(("labeller", n, w2s.InContext(n), count) for n, count in LABELLER_REPLICATES.items()),
        *(("student", n, refinement(n), REPLICATES) for n in STUDENT_SIZES),
    ]
    rows = []
    for learner, size, estimator, count in track(steps, lambda step: f"{step[0]}, n = {step[1]}"):
        replicates = max(count // DRAFT, 200) if fast else count
        (row,) = w2s.compare(task, {learner: estimator}, replicates=replicates, seed=seed).to_dict("records")
        kept = ("estimator", "risk", "risk_se", "replicates")
        rows.append({"size": size, **{key: row[key] for key in kept}})
    sizes = range(1, 41)
    # The squared error of a labeller never exceeds D^2, so a bound above D^2 is vacuous.
    largest = float(concept_diameter(task)) ** 2
    bounds = [largest * min(1.0, float(w2s.identification_bound(task, n))) for n in sizes]
    return {
        "risks": pd.DataFrame(rows),
        "bound": pd.DataFrame({"size": sizes, "bound": bounds}),
        "floor": pd.DataFrame({"floor": [float(w2s.naive_floor(task))]}),
    }


def draw(tables: Tables, page: Page) -> Figure:
    """Draw the excess risk of the three learners against the number of weak labels they use."""
    figure, (axes,) = page.figure(height=2.5 if page.is_single else 3.2)
    risks, bound, floor = tables["risks"], tables["bound"], float(tables["floor"]["floor"].iloc[0])
    # Beside which point the label of a curve stands, and on which side.
    for learner, look, label, beside, side in (
        ("naive", NAIVE, "naive fine-tuning", 256, (0, 5)),
        ("labeller", LABELLER, "labeller that\nreads $n$ labels", 8, (-5, -2)),
        ("student", REFINED, "student of\nrefined labels", 128, (5, 1)),
    ):
        rows = risks.loc[risks["estimator"] == learner]
        draw_measured(axes, look, rows["size"], rows["risk"], rows["risk_se"], label)
        place = rows.loc[rows["size"] == beside, "risk"].iloc[0]
        label_point(axes, label, beside, place, look.ink, *side)
    draw_line(axes, UPPER_BOUND, bound["size"], bound["bound"])
    beside, place = bound.iloc[-6].tolist()
    label_point(axes, "upper bound\nof the labeller", beside, place, UPPER_BOUND.ink, 6, 1)
    axes.axhline(floor, color=FLOOR.colour, linestyle=FLOOR.dashes)
    label_point(axes, f"floor {floor:.3f}", max(risks["size"]), floor, FLOOR.ink, -1, -3)
    axes.set_xscale("log", base=2)
    axes.set_yscale("log")
    axes.margins(y=0.12)
    mark_values(axes.xaxis, sorted(set(risks["size"])), 0.9 * axis_width(axes))
    set_plain_ticks(axes.yaxis)
    label_axes(axes, "weak labels in total, $n$", "excess risk (squared label units)")
    mark_leaving(axes)
    return figure


def caption(tables: Tables) -> str:
    """Say what is drawn, with the numbers of replicates."""
    risks = tables["risks"]
    counts = {name: sorted(set(rows["replicates"])) for name, rows in risks.groupby("estimator")}
    return (
        "Excess risk against the total number n of weak labels, canonical task (d = 8, K = 4, kappa = "
        "0.7). Naive fine-tuning (ridge 0.3 to the source) stays above its floor; the labeller that has "
        "read n weak labels in context falls below it, and so does a student fitted by least squares on "
        f"labels that are refined after reading min(n/2, {MOST_READ}) weak labels. Error bars: two Monte "
        f"Carlo standard errors; {counts['naive'][0]:,} replicates for fine-tuning and students, "
        f"{counts['labeller'][0]:,} to {counts['labeller'][-1]:,} for the labeller; seed 0."
    )


FIGURE = PaperFigure(
    name="headline",
    compute=compute,
    draw=draw,
    caption=caption,
    default_width="single",
)

if __name__ == "__main__":
    figure_script(FIGURE)
