"""How fast does iterated refinement explain the weak labels, and how few labels are enough?"""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pandas as pd
from jaxtyping import Array, Float, Key
from matplotlib.figure import Figure

import w2s_sim as w2s
from w2s_sim.cli.progress import track
from w2s_sim.estimators.iterated_refinement import refined_priors
from w2s_sim.figures import Page, PaperFigure, Tables, figure_script
from w2s_sim.plotting.looks import SERIES, UPPER_BOUND, Look, draw_line, draw_measured
from w2s_sim.plotting.marks import mark_leaving
from w2s_sim.plotting.paper_page import label_axes, title_panels
from w2s_sim.plotting.ticks import set_plain_ticks
from w2s_sim.statements.em_refinement.divergences import (
    kullback_leibler,
    misfit_bound,
    outcome_laws,
    refinement_path,
)
from w2s_sim.statements.shared.finite_examples import language_task, matched, style_content_task, table_task
from w2s_sim.verify.intervals import sample_summary

ROUNDS = (1, 2, 4, 8, 16, 32, 64, 128, 256)
SIZES = (50, 500, 5000)


@dataclasses.dataclass(frozen=True)
class SampledMisfit:
    """Measured quantity: KL(Q' || Q'_T) for every T of `ROUNDS`, refined on n weak labels.

    Refinement sees the labels through the frequencies of the outcomes alone.

    Attributes:
        size: Number n of weak labels.
    """

    size: int

    def __call__(self, key: Key[Array, ""], task: w2s.FiniteTask) -> Float[Array, " rounds"]:
        outcomes = jax.random.categorical(key, jnp.log(task.weak_law), shape=(self.size,))
        frequencies = jnp.bincount(outcomes, length=len(task.weak_law)) / self.size
        log_laws = task.source.log_outcome_probabilities()
        priors = refined_priors(task.source.prior, log_laws.T, frequencies, ROUNDS[-1])[jnp.asarray(ROUNDS)]
        return kullback_leibler(task.weak_law, priors @ outcome_laws(task))


def tasks() -> dict[str, w2s.FiniteTask]:
    """Return the tasks of panel a, whose strong model knows the law of the weak labels."""
    return {
        "tables": table_task(),
        "languages": matched(language_task(share=0.3)),
        "styles and contents": matched(style_content_task(target_prior=[0.1, 0.0, 0.7, 0.2])),
    }


def exact_rounds(name: str, task: w2s.FiniteTask) -> pd.DataFrame:
    """Return the divergence after every round of refinement with the weak law itself, and its bound."""
    rounds = np.arange(1, ROUNDS[-1] + 1)
    misfit = np.asarray(refinement_path(task, ROUNDS[-1]).to_weak_law)[1:]
    bound = jax.vmap(lambda count: misfit_bound(task, count))(jnp.asarray(rounds, dtype=float))
    return pd.DataFrame({"task": name, "rounds": rounds, "misfit": misfit, "bound": np.asarray(bound)})


def compute(fast: bool, seed: int) -> Tables:
    """Follow the rounds with the law of the weak labels, exactly, and with samples of weak labels."""
    # In single precision, divergences of a millionth of a nat would be rounding errors.
    with jax.enable_x64(True):
        exact = pd.concat([exact_rounds(name, task) for name, task in tasks().items()], ignore_index=True)
    task, sampled, replicates = tasks()["tables"], [], 128 if fast else 4096
    for size in track(SIZES, lambda size: f"{size} weak labels"):
        values = w2s.replicate(SampledMisfit(size), task, seed=seed, start=0, stop=replicates)
        for rounds, column in zip(ROUNDS, values.T, strict=True):
            mean, error = sample_summary(column)
            sampled.append({"num_weak": size, "rounds": rounds, "misfit": mean, "misfit_se": error})
    return {"exact": exact, "sampled": pd.DataFrame(sampled).assign(replicates=replicates)}


def draw(tables: Tables, page: Page) -> Figure:
    """Draw the divergences under their bounds, and what finite samples reach."""
    figure, (left, right) = page.figure(2)
    exact, sampled = tables["exact"], tables["sampled"]
    for look, name in zip(SERIES, exact["task"].unique(), strict=False):
        rows = exact.loc[exact["task"] == name]
        line = draw_line(left, Look(look.colour), rows["rounds"], rows["misfit"], name)
        line.set(marker=look.marker, markevery=[rounds - 1 for rounds in ROUNDS])
        draw_line(left, Look(look.colour, "", UPPER_BOUND.dashes), rows["rounds"], rows["bound"])
    left.plot([], [], color="black", linestyle=UPPER_BOUND.dashes, label="bound")
    law = exact.loc[exact["task"] == "tables"]
    draw_line(right, UPPER_BOUND, law["rounds"], law["bound"], "bound, known law")
    draw_line(right, Look(SERIES[0].colour), law["rounds"], law["misfit"], "known law")
    for look, size in zip(SERIES[1:], SIZES, strict=False):
        rows = sampled.loc[sampled["num_weak"] == size]
        draw_measured(right, look, rows["rounds"], rows["misfit"], rows["misfit_se"], f"{size} labels")
    title_panels(
        (left, right), ("the law of the weak labels is known", "tables, from samples of weak labels")
    )
    for axes, lowest in ((left, 3e-7), (right, 1e-5)):
        axes.set(xscale="log", yscale="log", ylim=(lowest, 3.0))
        set_plain_ticks(axes.xaxis)
        set_plain_ticks(axes.yaxis)
        label_axes(axes, "rounds of refinement, $T$", "divergence of the weak law (nats)")
        mark_leaving(axes)
        axes.legend(loc="lower left")
    return figure


def caption(tables: Tables) -> str:
    """Return the caption."""
    return f"""
        Kullback--Leibler divergence of the law of the weak labels from the strong model's account of it,
        after $T$ rounds of iterated refinement. (a) Refinement with the law itself, computed exactly for
        three tasks (solid), and the bound, the divergence of the target prior from the source prior over $T +
        1$ (dotted). (b) The tables again, refined on samples of weak labels: the divergence stops falling
        where the labels are explained as well as their number allows; the bound is for the known law. Bars: 2
        standard errors, {int(tables["sampled"]["replicates"].iloc[0]):,} replicates, seed {FIGURE.seed}.
    """


FIGURE = PaperFigure(
    name="em_bound",
    compute=compute,
    draw=draw,
    caption=caption,
    default_width="double",
)

if __name__ == "__main__":
    figure_script(FIGURE)
