"""Which estimator of the concept prior needs the fewest weak pairs?"""

from collections.abc import Callable

import pandas as pd
from matplotlib.figure import Figure

import w2s_sim as w2s
from w2s_sim.cli.progress import track
from w2s_sim.figures import Page, PaperFigure, Tables, figure_script
from w2s_sim.plotting import Curve, Panel, panels_figure
from w2s_sim.plotting.looks import ITERATED, LABELLER, Look
from w2s_sim.plotting.style import BLACK, GREEN, SKY, VERMILION
from w2s_sim.runs import compare_priors
from w2s_sim.statements.shared.finite_examples import language_task, table_task

SIZES = (25, 50, 100, 200, 400, 800)
REPLICATES, DRAFT_REPLICATES = 300, 20
# Of the tables, which the page prior-transfer shows.
NUM_WEAK, TABLE_REPLICATES = 200, 500
SPREAD = [0.1, 0.2, 0.3, 0.4]
PRIOR = [0.5, 0.25, 0.15, 0.1]
METRICS = ("risk", "prior_tv", "prior_kl", "prior_kl_infinite", "pgr")
Rules = Callable[[int], dict[str, w2s.Estimator]]
LOOKS: dict[str, Look] = {
    "one context": LABELLER,
    "one round": ITERATED,
    "likeliest, channel believed right": Look(SKY, "v"),
    "likeliest, channel known": Look(GREEN, "^"),
    "likeliest, bias and noise unknown": Look(BLACK, "P"),
    "projection of frequencies": Look(VERMILION, "X"),
}


def regression_rules(task: w2s.TransferTask) -> Rules:
    """Return the estimators of the first two panels, for n pairs."""
    channel = w2s.RegressionModel(task.source.prior, task.supervisor.vectors, task.supervisor.noise)
    return lambda n: {
        "one context": w2s.InContext(n),
        "one round": w2s.IteratedRefinement(1, num_weak=n),
        "likeliest, channel believed right": w2s.MaximumLikelihood(num_weak=n),
        "likeliest, channel known": w2s.MaximumLikelihood(channel, num_weak=n),
        "likeliest, bias and noise unknown": w2s.BiasAndNoiseUnknown(num_weak=n),
    }


def language_rules(task: w2s.FiniteTask) -> Rules:
    """Return the estimators of the last panel, for n pairs."""
    return lambda n: {
        "one context": w2s.InContext(n),
        "one round": w2s.IteratedRefinement(1, num_weak=n),
        "likeliest, channel believed right": w2s.MaximumLikelihood(num_weak=n),
        "likeliest, channel known": w2s.MaximumLikelihood(task.supervisor, num_weak=n),
        "projection of frequencies": w2s.FrequencyProjection(num_weak=n),
    }


def regression_table(task: w2s.TransferTask) -> dict[str, w2s.Estimator]:
    """Return the estimators of the page's tables for regression concepts."""
    rules = regression_rules(task)(NUM_WEAK)
    return {
        "source": w2s.Oracle(task.source.prior),
        "naive, ridge 0.3": w2s.Ridge(0.3, num_weak=NUM_WEAK),
        **rules,
        "20 rounds": w2s.IteratedRefinement(20, num_weak=NUM_WEAK),
        "hull projection of least squares": w2s.HullProjection(w2s.LeastSquares(num_weak=NUM_WEAK)),
    }


def finite_table(task: w2s.FiniteTask) -> dict[str, w2s.Estimator]:
    """Return the estimators of the page's tables for finite outcomes."""
    return {
        "source": w2s.Oracle(task.source.prior),
        **language_rules(task)(NUM_WEAK),
        "smoothing unknown": w2s.SmoothingUnknown(num_weak=NUM_WEAK),
    }


def page_tables(replicates: int, seed: int) -> pd.DataFrame:
    """Compare more estimators on four tasks, at one number of pairs."""
    point, spread = (
        w2s.regression_task(8, 4, source_prior=PRIOR, target_prior=prior)
        for prior in ([0.0, 0.0, 0.0, 1.0], SPREAD)
    )
    tables = table_task(share=0.2, target_prior=SPREAD)
    spoken = language_task(share=0.2, target_prior=[0.2, 0.3, 0.5])
    rules = {
        "point mass": (point, regression_table(point)),
        "mixture": (spread, regression_table(spread)),
        "tables": (
            tables,
            finite_table(tables) | {"whole channel unknown": w2s.ChannelUnknown(num_weak=NUM_WEAK)},
        ),
        "languages": (spoken, finite_table(spoken)),
    }
    found = []
    for title, (task, estimators) in rules.items():
        frame = compare_priors(task, estimators, replicates=replicates, seed=seed)
        columns = [name for metric in METRICS for name in (metric, f"{metric}_se") if name in frame]
        own = frame[["estimator", *columns, "replicates"]].reset_index(drop=True)
        found.append(own.assign(task=title, num_weak=NUM_WEAK))
    return pd.concat(found, ignore_index=True)


def compute(fast: bool, seed: int) -> Tables:
    """Simulate all estimators of the prior on tasks in which every pair draws its own concept."""
    replicates = DRAFT_REPLICATES if fast else REPLICATES
    point = w2s.canonical_task()
    mixed = w2s.regression_task(8, 4, source_prior=PRIOR, target_prior=PRIOR[::-1])
    spoken = language_task(share=0.2, target_prior=[0.2, 0.3, 0.5])
    found = []
    for title, task, rules in (
        ("regression, one concept wanted", point, regression_rules(point)),
        ("regression, a mixture wanted", mixed, regression_rules(mixed)),
        ("languages, a mixture wanted", spoken, language_rules(spoken)),
    ):
        for size in track(SIZES, lambda size, title=title: f"{title}, n = {size}"):
            frame = compare_priors(task, rules(size), replicates=replicates, seed=seed)
            found.append(
                frame[["prior_tv", "prior_tv_se"]]
                .reset_index(drop=True)
                .assign(task=title, rule=list(rules(size)), num_weak=size, replicates=replicates)
            )
    measured = page_tables(DRAFT_REPLICATES if fast else TABLE_REPLICATES, seed)
    return {"distances": pd.concat(found, ignore_index=True), "measured": measured}


def draw(tables: Tables, page: Page) -> Figure:
    """Draw the distance of each estimated prior from the target's prior."""
    panels = []
    for task, rows in tables["distances"].groupby("task", sort=False):
        curves = [
            Curve(rule, own["num_weak"], own["prior_tv"], own["prior_tv_se"], look)
            for rule, look in LOOKS.items()
            if len(own := rows.loc[rows["rule"] == rule])
        ]
        panels.append(
            Panel(
                str(task),
                "weak pairs, $n$",
                "total variation of the prior",
                curves,
                x_scale="log2",
                y_limits=(-0.02, 1.0),
            )
        )
    return panels_figure(panels, page, most_columns=3)


def caption(tables: Tables) -> str:
    """Say what is drawn, with the number of replicates."""
    return (
        "Total variation distance between the estimated concept prior and that of the target, against the "
        "number of weak pairs; every pair draws its own concept. Error bars: two Monte Carlo standard "
        f"errors, {tables['distances']['replicates'].iloc[0]} replicates, seed 0."
    )


FIGURE = PaperFigure(
    name="prior_transfer",
    compute=compute,
    draw=draw,
    caption=caption,
)

if __name__ == "__main__":
    figure_script(FIGURE)
