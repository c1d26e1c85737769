"""What does a chain of fine-tuned students gain over a single one?"""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

import w2s_sim as w2s
from w2s_sim.cli.progress import track
from w2s_sim.figures import Page, PaperFigure, Tables, figure_script
from w2s_sim.plotting import Curve, Panel, panels_figure
from w2s_sim.plotting.looks import DASHED, FLOOR, NAIVE, SERIES, Look
from w2s_sim.statements.bootstrap_floor.chain import bootstrap_floor, chain
from w2s_sim.statements.bootstrap_floor.claim import BEST_RIDGES

SIZES = (30, 60, 120, 240, 480, 960)
SHARES = (-0.6, -0.4, -0.2, 0.0, 0.2, 0.4, 0.7, 1.0)
OFF, LARGE = 0.6, 960
REPLICATES, DRAFT_REPLICATES = 2000, 40
TASK = w2s.canonical_task()
ERRORS = {"weak": 0.49, "source": 1.145, "off": OFF**2}


def best_ridges(share: float) -> list[float]:
    """Return the penalties of a chain of two that attain its floor as n grows.

    The errors of the three vertices, relative to the target: the bias, share times the source's error plus an
    orthogonal error of length OFF, and the source's error.
    """
    rows = np.array([[ERRORS["weak"] ** 0.5, 0, 0], [0, OFF, share], [0, 0, 1.0]])
    rows[:, 2] *= ERRORS["source"] ** 0.5
    grid = np.linspace(0.0, 1.0, 1001)
    weak, middle = np.meshgrid(grid, grid)
    shares = np.stack([weak, middle, 1.0 - weak - middle], axis=-1)
    squares = np.where(shares[..., 2] >= 0, np.sum((shares @ rows) ** 2, axis=-1), np.inf)
    weights = shares[np.unravel_index(np.argmin(squares), squares.shape)]
    return [weights[1] / weights[0], max(weights[2], 0.0) / (weights[0] + weights[1])]


def chains(size: int) -> dict[str, w2s.Estimator]:
    """Return the single student and three chains on n inputs a model, by their names in the legend."""
    twice = w2s.Bootstrapping(TASK.source_vector[None], [0.2, 0.2], num_weak=size)
    return {
        "one student": w2s.Ridge(ERRORS["weak"] / ERRORS["source"], num_weak=size),
        "the strong model taught twice": twice,
        "one middle model": chain(TASK, -0.2, ridges=BEST_RIDGES, num_weak=size),
        "two middle models": chain(TASK, -0.2, 0.3, ridges=[1.0, 0.3, 0.1], num_weak=size),
    }


LOOKS = dict(zip(chains(1), (NAIVE, Look(NAIVE.colour, "o"), SERIES[0], SERIES[2]), strict=True))


def compute(fast: bool, seed: int) -> Tables:
    """Simulate chains on more and more inputs, and chains whose middle model knows more or less."""
    replicates = DRAFT_REPLICATES if fast else REPLICATES
    by_size, by_share, floors = [], [], []
    for size in track(SIZES, lambda size: f"{size} inputs"):
        frame = w2s.compare(TASK, chains(size), replicates=replicates, seed=seed)
        by_size.append(
            frame[["risk", "risk_se", "replicates"]].assign(chain=list(chains(size)), num_weak=size)
        )
    for share in track(SHARES, lambda share: f"share {share:g}"):
        student = chain(TASK, share, ridges=best_ridges(share), num_weak=LARGE)
        frame = w2s.compare(TASK, {"chain": student}, replicates=replicates, seed=seed)
        by_share.append(frame[["risk", "risk_se"]].assign(share=share))
    for share in np.linspace(SHARES[0], SHARES[-1], 60).tolist():
        case = w2s.Case("", TASK, chain(TASK, share, ridges=[1.0, 1.0]))
        floors.append({"share": share, "floor": float(bootstrap_floor(case))})
    levels = {
        name: float(bootstrap_floor(w2s.Case("", TASK, student)))
        for name, student in chains(1).items()
        if isinstance(student, w2s.Bootstrapping)
    }
    return {
        "by_size": pd.concat(by_size, ignore_index=True),
        "by_share": pd.concat(by_share, ignore_index=True),
        "floors": pd.DataFrame(floors),
        "levels": pd.DataFrame({"chain": list(levels), "floor": list(levels.values())}),
    }


def draw(tables: Tables, page: Page) -> Figure:
    """Draw the risk of chains above their floors, and the floor against what the middle model knows."""
    levels = tables["levels"].set_index("chain")["floor"]
    single = levels["the strong model taught twice"]
    by_size = []
    for name, look in LOOKS.items():
        rows = tables["by_size"].loc[tables["by_size"]["chain"] == name]
        # The first two nearly coincide: they stand beside one another.
        shift = 1.08 if look.colour == NAIVE.colour and look.marker == "o" else 1.0
        by_size.append(Curve(name, shift * rows["num_weak"], rows["risk"], rows["risk_se"], look))
    for name, look in list(LOOKS.items())[1:]:
        by_size.append(Curve("", SIZES[:: len(SIZES) - 1], (levels[name],) * 2, look=look.as_line(DASHED)))
    shares, floors = tables["by_share"], tables["floors"]
    y_label = "excess risk (squared label units)"
    panels = [
        Panel(
            "chains above their floors",
            "inputs of a model, $n$",
            y_label,
            by_size,
            x_scale="log",
            y_scale="log",
            x_ticks={size: f"{size}" for size in SIZES},
        ),
        Panel(
            "the floor is lower the more is known",
            "source of the middle model, from target (0) to source (1)",
            y_label,
            [
                Curve(
                    f"one middle model, $n$ = {LARGE}",
                    shares["share"],
                    shares["risk"],
                    shares["risk_se"],
                    SERIES[0],
                    joined=False,
                ),
                Curve("its floor", floors["share"], floors["floor"], look=SERIES[0].as_line(DASHED)),
                Curve("floor of one student", SHARES[:: len(SHARES) - 1], (single,) * 2, look=FLOOR),
            ],
            y_limits=(0.0, None),
        ),
    ]
    return panels_figure(panels, page, legend="own")


def caption(tables: Tables) -> str:
    """Say what is drawn, with the number of replicates."""
    return (
        "Canonical task. (a) Excess risk of a single student and of chains of two and three models, each "
        "fine-tuned with ridge from its own source on fresh inputs; dashed lines are the floors, and the two "
        "upper curves, which nearly coincide, stand side by side. (b) The "
        "floor of a chain with one middle model against the place of its source on the way from the target "
        f"to the strong model's source, {OFF} off that way; points have the penalties that attain the floor "
        "as n grows. Error bars: two Monte Carlo standard errors, "
        f"{tables['by_size']['replicates'].iloc[0]:,} replicates, seed 0."
    )


FIGURE = PaperFigure(
    name="bootstrap_floor",
    compute=compute,
    draw=draw,
    caption=caption,
)

if __name__ == "__main__":
    figure_script(FIGURE)
