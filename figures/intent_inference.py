"""Is naming one concept better than answering by the posterior mean?"""

import jax
import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.figure import Figure

import w2s_sim as w2s
from w2s_sim.cli.progress import track
from w2s_sim.experiments.style_content_study import style_content_task
from w2s_sim.figures import Page, PaperFigure, Tables, figure_script
from w2s_sim.identification import classical_identification_bound
from w2s_sim.plotting import Curve, Panel, panels_figure
from w2s_sim.plotting.looks import DASHED, LABELLER, SERIES, THEORY, UPPER_BOUND, Look
from w2s_sim.statements import FromWeakData
from w2s_sim.statements.shared.quantities import squared_distances
from w2s_sim.verify.intervals import sample_summary

SIZES, NAMED_SIZES = (1, 2, 4, 6, 8, 12, 16, 24), (1, 2, 3, 4, 6, 8, 16)
NOISES = (0.35, 0.5, 0.7, 0.9, 1.1, 1.3, 1.5)
# sigma'^2 + kappa^2 of the two concepts of panel (b), and their demonstrations.
EFFECTIVE, READ = 0.74, 12
REPLICATES, DRAFT_REPLICATES = 20_000, 400
NAMED = SERIES[1]


def misnamed(key: jax.Array, data: w2s.WeakData, case: w2s.Case) -> jax.Array:
    """Return 1 if the named concept is wrong, and the squared errors of the name and of the mean."""
    task = case.task
    posterior = jax.numpy.exp(task.source.log_posterior(data.inputs, data.labels))
    name = jax.numpy.argmax(posterior)
    error = posterior @ task.source.vectors - task.target_vector
    return jax.numpy.stack(
        [1.0 * (name != task.target_concept), squared_distances(task)[name], error @ error]
    )


def style_and_content(key: jax.Array, data: w2s.WeakData, case: w2s.Case) -> jax.Array:
    """Return the style and the content error of the student, total variations."""
    source = case.task.source
    assert isinstance(source, w2s.StyleContentModel)
    student = case.estimator.fit(source, data, key=key)
    return jax.numpy.stack(source.errors(student.prior, case.task.target_prior))


def two_concepts(noise: float) -> w2s.TransferTask:
    """Return two orthonormal concepts of even odds; the strong model believes that labels have this noise."""
    return w2s.regression_task(
        4, 2, source_prior=[0.5, 0.5], target_prior=[0.0, 1.0], noise=noise, weak_noise=0.5, bias=0.7
    )


def compute(fast: bool, seed: int) -> Tables:
    """Simulate wrong names, the ratio of both errors, and both errors of style and content."""
    replicates = DRAFT_REPLICATES if fast else REPLICATES
    measure, canonical = FromWeakData(misnamed), w2s.canonical_task()
    wrong, ratios = [], []
    for size in track(SIZES, lambda size: f"n = {size}"):
        case = w2s.Case("", canonical, w2s.IntentInference(size))
        values = w2s.replicate(measure, case, seed=seed, start=0, stop=replicates)
        mean, error = sample_summary(values[:, 0])
        bound = float(classical_identification_bound(canonical, size))
        wrong.append(
            {"size": size, "wrong": mean, "wrong_se": error, "bound": bound, "replicates": replicates}
        )
    for noise in track(NOISES, lambda noise: f"noise {noise:g}"):
        case = w2s.Case("", two_concepts(noise), w2s.IntentInference(READ))
        values = w2s.replicate(measure, case, seed=seed, start=0, stop=10 * replicates)
        name, mean = values[:, 1].mean(), values[:, 2].mean()
        _, error = sample_summary(values[:, 1] / mean - name / mean**2 * values[:, 2])
        ratios.append({"tilt": noise**2 / (2 * EFFECTIVE), "ratio": name / mean, "ratio_se": error})
    task = style_content_task()
    rows = []
    for method, make in (("named", w2s.IntentInference), ("mixture", w2s.InContext)):
        for size in track(NAMED_SIZES, lambda size, method=method: f"{method}, n = {size}"):
            case = w2s.Case("", task, make(size))
            values = w2s.replicate(
                FromWeakData(style_and_content), case, seed=seed, start=0, stop=replicates // 4
            )
            row: dict[str, object] = {"method": method, "size": size}
            for part, column in zip(("style", "content"), values.T, strict=True):
                row[f"{part}_error"], row[f"{part}_error_se"] = sample_summary(column)
            rows.append(row)
    tilts = np.linspace(0.05, 1.95, 96)
    limit = np.sin(np.pi * tilts) / (np.pi * tilts * (1 - tilts))
    return {
        "wrong": pd.DataFrame(wrong),
        "ratios": pd.DataFrame(ratios),
        "limit": pd.DataFrame({"tilt": tilts, "ratio": limit}),
        "style": pd.DataFrame(rows),
    }


def draw(tables: Tables, page: Page) -> Figure:
    """Draw the probability of a wrong name, the ratio of errors, and the errors of style and content."""
    wrong, ratios, limit, style = (tables[name] for name in ("wrong", "ratios", "limit", "style"))
    curves = []
    for method, look in (("named", NAMED), ("mixture", LABELLER)):
        rows = style.loc[style["method"] == method]
        for part, marker, dashes in (("style", look.marker, "-"), ("content", "v", DASHED)):
            curves.append(
                Curve(
                    f"{method}, {part}",
                    rows["size"],
                    rows[f"{part}_error"],
                    rows[f"{part}_error_se"],
                    Look(look.colour, marker, dashes),
                )
            )
    panels = [
        Panel(
            "wrong names, canonical task",
            "weak demonstrations, $n$",
            "probability of a wrong name",
            [
                Curve("measured", wrong["size"], wrong["wrong"], wrong["wrong_se"], NAMED),
                Curve("bound", wrong["size"], wrong["bound"], look=UPPER_BOUND),
            ],
            y_scale="log",
            y_limits=(1e-4, 2.0),
        ),
        Panel(
            "caution makes naming pay",
            "exponent $s^*$ of the odds",
            "squared error, name over mean",
            [
                Curve(
                    f"$n$ = {READ}", ratios["tilt"], ratios["ratio"], ratios["ratio_se"], NAMED, joined=False
                ),
                Curve("many demonstrations", limit["tilt"], limit["ratio"], look=THEORY),
                Curve("equal", (0.0, 2.0), (1.0, 1.0), look=LABELLER.as_line(DASHED)),
            ],
            y_limits=(0.0, None),
        ),
        Panel(
            "style and content, in tables",
            "weak demonstrations, $n$",
            "total variation",
            curves,
            x_scale="log2",
            y_limits=(-0.03, None),
        ),
    ]
    # Long enough to show dashes beside a marker.
    with mpl.rc_context({"legend.handlelength": 3.6}):
        return panels_figure(panels, page, legend="own")


def caption(tables: Tables) -> str:
    """Say what is drawn, with the number of replicates."""
    count = tables["wrong"]["replicates"].iloc[0]
    return (
        "(a) Probability that the most probable concept after n weak demonstrations is the wrong one, and "
        "its bound; canonical task. (b) Squared error of the named concept over that of the posterior mean, "
        f"for two orthonormal concepts of even odds, n = {READ}, and its limit, against the exponent of the "
        "odds, which grows with the noise that the strong model assumes. (c) Style and content errors of "
        "name and mixture, tables of the style-and-content task. Error bars: two Monte Carlo standard "
        f"errors, {count:,} (a), {10 * count:,} (b) and {count // 4:,} (c) replicates, seed 0."
    )


FIGURE = PaperFigure(
    name="intent_inference",
    compute=compute,
    draw=draw,
    caption=caption,
)

if __name__ == "__main__":
    figure_script(FIGURE)
