"""Estimators of the concept prior, against the number of weak pairs.

Run from anywhere: python figures/prior_transfer.py [FOLDER]   (figures/gallery by default)
"""

import sys
from collections.abc import Callable
from pathlib import Path

import w2s_sim as w2s
from w2s_sim.cli.progress import track
from w2s_sim.plotting import Curve, Panel, curves_table, panels_figure, save_figure
from w2s_sim.runs import compare_priors
from w2s_sim.statements.shared.finite_examples import language_task

SIZES = (25, 50, 100, 200, 400, 800)
REPLICATES, SEED = 300, 0
PRIOR = [0.5, 0.25, 0.15, 0.1]
Rules = Callable[[int], dict[str, w2s.Estimator]]


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


def main(folder: Path) -> None:
    """Simulate, draw and write the figure."""
    point = w2s.canonical_task()
    mixed = w2s.regression_task(8, 4, source_prior=PRIOR, target_prior=PRIOR[::-1])
    spoken = language_task(share=0.2, target_prior=[0.2, 0.3, 0.5])
    panels = [
        panel("regression, one concept wanted", point, regression_rules(point)),
        panel("regression, a mixture wanted", mixed, regression_rules(mixed)),
        panel("languages, a mixture wanted", spoken, language_rules(spoken)),
    ]
    note = f"Every pair draws its own concept; {REPLICATES} replicates."
    print("wrote", save_figure(panels_figure(panels, note), curves_table(panels), folder, "prior_transfer"))


def panel(title: str, task: w2s.TransferTask | w2s.FiniteTask, rules: Rules) -> Panel:
    """Return the panel of the prior's total variation distance against the number of pairs."""
    tables = [
        compare_priors(task, rules(size), replicates=REPLICATES, seed=SEED)
        for size in track(SIZES, lambda size: f"{title}, n = {size}")
    ]
    curves = [
        Curve(
            name,
            SIZES,
            [float(table["prior_tv"].to_numpy()[index]) for table in tables],
            [float(table["prior_tv_se"].to_numpy()[index]) for table in tables],
        )
        for index, name in enumerate(rules(1))
    ]
    return Panel(
        title,
        "weak pairs, $n$",
        "total variation of the prior",
        curves,
        x_scale="log2",
        y_limits=(-0.02, 1.0),
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent / "gallery")
