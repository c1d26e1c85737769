"""Should a query's own weak label be in the context that relabels it?"""

import jax
import pandas as pd
from matplotlib.figure import Figure

import w2s_sim as w2s
from w2s_sim.cli.progress import track
from w2s_sim.engine.replication import replicate
from w2s_sim.estimators.refinement import Context
from w2s_sim.figures import Page, PaperFigure, Tables, figure_script
from w2s_sim.plotting import Curve, Panel, panels_figure
from w2s_sim.plotting.looks import DOTTED, FLOOR, ITERATED, LABELLER, PROJECTED, REFINED, Look
from w2s_sim.statements import FromWeakData
from w2s_sim.statements.shared.regression_examples import canonical
from w2s_sim.verify.intervals import sample_summary

QUERIES = 240
# Sizes for which the queries fill whole batches: of n pairs with the query, of n + 1 pairs without it.
SIZES: dict[Context, tuple[int, ...]] = {
    "with-query": (1, 2, 3, 4, 6, 8, 12, 16),
    "leave-one-out": (1, 2, 3, 4, 7, 11, 15),
    "fresh": (1, 2, 3, 4, 6, 8, 12, 16),
    "shared": (1, 2, 3, 4, 6, 8, 12, 16),
}
NAMES = {
    "with-query": "own label read (ask to improve)",
    "leave-one-out": "leave one out",
    "fresh": "fresh context",
    "shared": "shared context",
}
# One label read at a time is one round of iterated refinement: the same colour.
ASKED = Look(ITERATED.colour, "h")
LOOKS = {"with-query": ASKED, "leave-one-out": REFINED, "fresh": LABELLER, "shared": PROJECTED}
BIASES = (0.0, 0.35, 0.7, 1.2, 2.0, 3.0, 4.5, 6.0)
READ = 4
REPLICATES, DRAFT_REPLICATES = 4000, 40


def student(size: int, context: Context) -> w2s.Refinement:
    """Return least squares on 240 refined labels, posterior means."""
    return w2s.Refinement(size, w2s.LeastSquares(num_weak=QUERIES), context=context, labels="mean")


def along_the_bias(key: jax.Array, data: w2s.WeakData, case: w2s.Case) -> jax.Array:
    """Return the student's coefficient along e_8, the direction of the bias, which no concept uses."""
    return case.estimator.fit(case.task.source, data, key=key).coefficients[7]


def compute(fast: bool, seed: int) -> Tables:
    """Simulate the students of four kinds of contexts, and two of them against the bias."""
    replicates = DRAFT_REPLICATES if fast else REPLICATES
    by_size = []
    for context in track(list(SIZES), lambda context: f"context {context}"):
        students = {f"{size}": student(size, context) for size in SIZES[context]}
        frame = w2s.compare(canonical(), students, replicates=replicates, seed=seed)
        by_size.append(frame[["risk", "risk_se", "replicates"]].assign(context=context, size=SIZES[context]))
    by_bias, inherited = [], []
    compared: tuple[Context, ...] = ("with-query", "leave-one-out")
    students = {context: student(READ, context) for context in compared}
    for bias in track(BIASES, lambda bias: f"bias {bias:g}"):
        task = canonical(bias=bias)
        frame = w2s.compare(task, students, replicates=replicates, seed=seed)
        by_bias.append(frame[["risk", "risk_se"]].assign(context=list(students), bias=bias))
        case = w2s.Case("", task, students["with-query"])
        values = replicate(FromWeakData(along_the_bias), case, seed=seed, start=0, stop=replicates)
        mean, error = sample_summary(values)
        inherited.append({"bias": bias, "squared": mean**2, "squared_se": 2.0 * abs(mean) * error})
    return {
        "by_size": pd.concat(by_size, ignore_index=True),
        "by_bias": pd.concat(by_bias, ignore_index=True),
        "inherited": pd.DataFrame(inherited),
        "levels": pd.DataFrame({"floor": [float(w2s.naive_floor(canonical()))]}),
    }


def draw(tables: Tables, page: Page) -> Figure:
    """Draw the risk against the pairs that are read, and against the bias."""
    floor = tables["levels"]["floor"].iloc[0]
    sizes, biases, inherited = tables["by_size"], tables["by_bias"], tables["inherited"]
    y_label = "excess risk (squared label units)"
    by_size = []
    for context, name in NAMES.items():
        rows = sizes.loc[sizes["context"] == context]
        by_size.append(Curve(name, rows["size"], rows["risk"], rows["risk_se"], LOOKS[context]))
    by_size.append(Curve("naive floor", (1, 16), (floor, floor), look=FLOOR))
    by_bias = []
    for context in ("with-query", "leave-one-out"):
        rows = biases.loc[biases["context"] == context]
        by_bias.append(Curve(NAMES[context], rows["bias"], rows["risk"], rows["risk_se"], LOOKS[context]))
    by_bias.append(
        Curve(
            "part along the bias, own label read",
            inherited["bias"],
            inherited["squared"],
            look=ASKED.as_line(DOTTED),
        )
    )
    panels = [
        Panel(
            "its own label helps",
            "pairs read for a query, $n$",
            y_label,
            by_size,
            x_scale="log2",
            y_scale="log",
            y_limits=(4e-4, 2.0),
        ),
        Panel(
            f"a large bias is inherited, $n$ = {READ}",
            "bias of the weak model, $\\kappa$ (label units)",
            y_label,
            by_bias,
            y_limits=(-0.03, None),
        ),
    ]
    return panels_figure(panels, page, legend="own")


def caption(tables: Tables) -> str:
    """Say what is drawn, with the number of replicates."""
    return (
        f"Least squares on {QUERIES} refined labels (posterior means), canonical task. (a) Excess risk "
        "against the number n of pairs that the strong model reads before it relabels a query: a batch that "
        "holds the query's own weak label (ask to improve), a batch without it, a context of its own, one "
        f"context for all; kappa = 0.7. (b) The same at n = {READ} against the weak model's bias kappa, with "
        "the square of the mean coefficient along the bias, which vanishes for many queries if contexts do "
        "not hold them. Error bars: two Monte Carlo standard errors, "
        f"{tables['by_size']['replicates'].iloc[0]:,} replicates, seed 0."
    )


FIGURE = PaperFigure(
    name="ask_to_improve",
    compute=compute,
    draw=draw,
    caption=caption,
)

if __name__ == "__main__":
    figure_script(FIGURE)
