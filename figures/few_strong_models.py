"""How many strong models does the projection need until their mixtures hold the target well enough?"""

import jax
import jax.numpy as jnp
import numpy as np
import pandas as pd
from jaxtyping import Float
from matplotlib.figure import Figure

from w2s_sim.cli.progress import track
from w2s_sim.estimators.information_projection import information_projection
from w2s_sim.figures import Page, PaperFigure, Tables, figure_script
from w2s_sim.plotting import Curve, Panel, panels_figure
from w2s_sim.plotting.looks import DASHED, NAIVE, PROJECTED, UPPER_BOUND
from w2s_sim.randomness import generator_of
from w2s_sim.verify.intervals import sample_summary

MODELS, OUTCOMES = 64, 6
NUMBERS = (1, 2, 3, 4, 6, 8, 12, 16)
DRAWS, DRAFT_DRAWS = 2000, 100


def divergence(
    first: Float[np.ndarray, "*rows m"], second: Float[np.ndarray, "*rows m"]
) -> Float[np.ndarray, "*rows"]:
    """Return KL(first || second) of positive laws, in nats."""
    return np.sum(first * np.log(first / second), axis=-1)


def compute(fast: bool, seed: int) -> Tables:
    """Draw k of the strong models many times, and project the weak law on their mixtures."""
    generator, draws = generator_of(seed), DRAFT_DRAWS if fast else DRAWS
    models = 0.8 * generator.dirichlet(np.ones(OUTCOMES), MODELS) + 0.2 / OUTCOMES
    target = models.mean(axis=0)
    weak = target * np.exp(generator.uniform(-1, 1, OUTCOMES))
    weak /= weak.sum()
    ratios = np.log(models / weak)
    largest = max(NUMBERS)
    drawn = models[generator.integers(MODELS, size=(draws, largest))]
    project = jax.jit(jax.vmap(information_projection, (0, None, None)))
    loss, rows = divergence(target, weak), []
    for number in track(NUMBERS, lambda number: f"k = {number}"):
        with jax.enable_x64(True):
            known = (jnp.arange(largest) < number).astype(float)
            weights = np.asarray(project(jnp.asarray(drawn), jnp.asarray(weak), known))
        students = np.einsum("rk,rkm->rm", weights, drawn)
        error = divergence(target, students)
        shortfall = np.maximum(error - loss + divergence(students, weak), 0.0)
        row: dict[str, float] = {"models": number, "weak": float(loss), "draws": draws}
        row["loss"], row["loss_se"] = sample_summary(error)
        row["shortfall"], row["shortfall_se"] = sample_summary(shortfall)
        row["bound"] = float(0.5 * np.ptp(ratios) * np.sqrt((OUTCOMES - 1) / number))
        rows.append(row)
    return {"numbers": pd.DataFrame(rows)}


def draw(tables: Tables, page: Page) -> Figure:
    """Draw the student's loss beside the weak model's, and what its gain lacks of the misfit."""
    rows = tables["numbers"]
    number, ends = rows["models"], (min(NUMBERS), max(NUMBERS))
    panels = [
        Panel(
            "loss of the student",
            "strong models, $k$",
            "excess log loss (nats)",
            [
                Curve("projected on $k$ models", number, rows["loss"], rows["loss_se"], PROJECTED),
                Curve("weak model", ends, (rows["weak"].iloc[0],) * 2, look=NAIVE.as_line(DASHED)),
            ],
            x_scale="log2",
            y_limits=(0.0, None),
        ),
        Panel(
            "what the gain lacks of the misfit",
            "strong models, $k$",
            "misfit less gain, if positive (nats)",
            [
                Curve("measured", number, rows["shortfall"], rows["shortfall_se"], PROJECTED),
                Curve("bound", number, rows["bound"], look=UPPER_BOUND),
            ],
            x_scale="log2",
            y_scale="log",
            y_limits=(1e-5, 10.0),
        ),
    ]
    return panels_figure(panels, page, legend="own")


def caption(tables: Tables) -> str:
    """Say what is drawn, with the number of draws."""
    return (
        f"Information projection of a weak law on the mixtures of k strong models, drawn from {MODELS} whose "
        f"average is the target; {OUTCOMES} outcomes. (a) Excess log loss of the student. Many models can "
        "follow the weak labels' errors as well, and it rises again. (b) Mean over draws of the misfit less "
        "the gain, where positive: none if the target were a mixture of the k models; bound of "
        "bregman-misfit, remark 4. Error bars: two standard errors over "
        f"{tables['numbers']['draws'].iloc[0]:,.0f} draws of the models, seed 0."
    )


FIGURE = PaperFigure(
    name="few_strong_models",
    compute=compute,
    draw=draw,
    caption=caption,
)

if __name__ == "__main__":
    figure_script(FIGURE)
