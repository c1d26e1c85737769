"""The threshold of refinement: mean posterior and exponent against the position of the weak concept.

Run from anywhere: python figures/voronoi_threshold.py [FOLDER]   (FOLDER is figures/gallery by default)
"""

import sys
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pandas as pd

from w2s_sim.cli.progress import track
from w2s_sim.estimators import InContext
from w2s_sim.identification.voronoi import voronoi_rate
from w2s_sim.plotting.threshold import threshold_figure
from w2s_sim.statements import Case, FromWeakData
from w2s_sim.statements.voronoi_threshold.claim import VORONOI_THRESHOLD, functional, measure
from w2s_sim.statements.voronoi_threshold.placed_weak_concept import weak_concept_at
from w2s_sim.tasks.task import WeakData
from w2s_sim.verify import replicate
from w2s_sim.verify.intervals import interval_of, sample_summary

SEED = 0
SIZES = (4, 16, 64)
SHARES = np.linspace(0.0, 1.0, 21)
# Shares far enough from the border for the slope from n to 2n to have converged.
SLOPE_SHARES = (0.0, 0.1, 0.2, 0.3, 0.4, 0.6, 0.7, 0.8, 0.9, 1.0)
SLOPE_SIZE = 256
REPLICATES = 8192


def intended_posterior(key: jax.Array, data: WeakData, case: Case) -> jax.Array:
    """Return pi_n(k*) of one context."""
    log_posterior = case.task.source.log_posterior(data.inputs, data.labels)
    return jnp.exp(log_posterior[case.task.target_concept])


def posterior_row(share: float, size: int, weak_posterior: FromWeakData) -> dict[str, float]:
    case = Case("", weak_concept_at(share), InContext(size))
    values = replicate(weak_posterior, case, seed=SEED, start=0, stop=REPLICATES)
    mean, se = sample_summary(values)
    return {"share": share, "num_demonstrations": size, "posterior": mean, "posterior_se": se}


def slope_row(share: float) -> dict[str, float]:
    case = Case("", weak_concept_at(share), InContext(SLOPE_SIZE))
    values = replicate(measure, case, seed=SEED, start=0, stop=REPLICATES)
    assert VORONOI_THRESHOLD.support is not None
    found = interval_of(values, VORONOI_THRESHOLD.support(case), functional(case), 1e-3, REPLICATES)
    return {"share": share, "slope": found.mean, "slope_se": found.se}


def main(folder: Path) -> None:
    """Simulate, draw, and write voronoi_threshold.png, .svg and .csv."""
    weak_posterior = FromWeakData(intended_posterior)
    cells = [(share, size) for size in SIZES for share in SHARES.tolist()]
    posteriors = pd.DataFrame(
        [
            posterior_row(share, size, weak_posterior)
            for share, size in track(cells, lambda cell: f"posterior at share {cell[0]:.2f}, n = {cell[1]}")
        ]
    )
    slopes = pd.DataFrame(
        [slope_row(share) for share in track(SLOPE_SHARES, lambda share: f"slope at share {share:g}")]
    )
    fine = np.linspace(0.0, 1.0, 201)
    rates = pd.DataFrame({"share": fine, "rate": [float(voronoi_rate(weak_concept_at(t))) for t in fine]})

    folder.mkdir(parents=True, exist_ok=True)
    figure = threshold_figure(posteriors, slopes, rates)
    for suffix in ("png", "svg"):
        metadata = {"Date": None} if suffix == "svg" else None
        figure.savefig(folder / f"voronoi_threshold.{suffix}", metadata=metadata)
    posteriors.merge(slopes, how="outer", on="share").to_csv(folder / "voronoi_threshold.csv", index=False)
    print(f"wrote {folder / 'voronoi_threshold.png'}")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent / "gallery")
