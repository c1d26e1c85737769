"""Is refinement optimal?

A comparison with iterated refinement and the oracle.
"""

from collections.abc import Callable

import pandas as pd
from matplotlib.figure import Figure

import w2s_sim as w2s
from w2s_sim.cli.progress import track
from w2s_sim.figures import Page, PaperFigure, Tables, figure_script
from w2s_sim.plotting import Curve, Panel, panels_figure
from w2s_sim.plotting.looks import DASH_DOT, DOTTED, ITERATED, LABELLER, NAIVE, Look
from w2s_sim.statements.shared.regression_examples import canonical, noisy
from w2s_sim.tasks.supervisors import noisy_supervisor

SIZES = (4, 8, 16, 32, 64, 128, 256)
MIXED = [0.1, 0.2, 0.3, 0.4]
REPLICATES, DRAFT_REPLICATES = 4000, 100
MAKERS: dict[str, Callable[[int], w2s.Estimator]] = {
    "one context of all labels": w2s.InContext,
    "prior refined, 1 round": lambda size: w2s.IteratedRefinement(1, num_weak=size),
    "4 rounds": lambda size: w2s.IteratedRefinement(4, num_weak=size),
    "64 rounds": lambda size: w2s.IteratedRefinement(64, num_weak=size),
    "naive fine-tuning, ridge 0.3": lambda size: w2s.Ridge(0.3, num_weak=size),
}
LOOKS = (
    LABELLER,
    Look(ITERATED.colour, "v", DOTTED),
    Look(ITERATED.colour, "P", DASH_DOT),
    ITERATED,
    NAIVE,
)


def compute(fast: bool, seed: int) -> Tables:
    """Simulate all learners on three tasks in which every label draws its own concept."""
    tasks = {
        "one concept wanted, noisy weak labels": noisy(0.5),
        "a mixture wanted, noisy weak labels": canonical(
            target_prior=MIXED, supervisor=noisy_supervisor(canonical().source, 0.5)
        ),
        "a mixture wanted, biased weak labels": canonical(target_prior=MIXED),
    }
    replicates = DRAFT_REPLICATES if fast else REPLICATES
    steps = [(task, learner, size) for task in tasks for learner in MAKERS for size in SIZES]
    found = []
    for task, learner, size in track(steps, lambda step: f"{step[1]}, n = {step[2]}"):
        estimators = {learner: MAKERS[learner](size)}
        frame = w2s.compare(tasks[task], estimators, replicates=replicates, seed=seed)
        found.append(
            frame[["risk", "risk_se", "replicates"]].assign(task=task, learner=learner, num_weak=size)
        )
    return {"risks": pd.concat(found, ignore_index=True)}


def draw(tables: Tables, page: Page) -> Figure:
    """Draw the excess risk over the oracle in each of the three tasks."""
    panels = []
    for task, rows in tables["risks"].groupby("task", sort=False):
        curves = []
        for look, learner in zip(LOOKS, MAKERS, strict=True):
            own = rows.loc[rows["learner"] == learner]
            curves.append(Curve(learner, own["num_weak"], own["risk"], own["risk_se"], look))
        panels.append(
            Panel(
                str(task),
                "weak labels, $n$",
                "excess risk over the oracle (squared label units)",
                curves,
                x_scale="log2",
                y_scale="log",
                y_limits=(1e-4, 4.0),
            )
        )
    return panels_figure(panels, page)


def caption(tables: Tables) -> str:
    """Say what is drawn, with the number of replicates."""
    return (
        "Excess risk over the oracle against the number of weak labels on the canonical concepts, where "
        "every label draws its own concept. One context reads all labels as if they shared a concept; the "
        "other learners refine the prior label by label, for 1, 4 and 64 rounds (64 rounds come near the "
        "maximum of the likelihood). Triangles at the edge mark curves that leave the axes. Error bars: "
        f"two Monte Carlo standard errors, {tables['risks']['replicates'].iloc[0]:,} replicates, seed 0."
    )


FIGURE = PaperFigure(
    name="best_possible",
    compute=compute,
    draw=draw,
    caption=caption,
)

if __name__ == "__main__":
    figure_script(FIGURE)
