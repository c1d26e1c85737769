"""The headline figure: excess risk against the number of weak labels, for naive fine-tuning and refinement.

Run from anywhere: python figures/headline.py [FOLDER]   (FOLDER is figures/gallery by default)
"""

import sys
from pathlib import Path

import pandas as pd

import w2s_sim as w2s
from w2s_sim.cli.progress import track
from w2s_sim.plotting import headline_figure
from w2s_sim.statements.shared.quantities import concept_diameter

SEED = 0
# Failures of identification are rare, so that their mean needs many replicates.
REPLICATES = {1: 20_000, 2: 20_000, 4: 50_000, 8: 100_000, 16: 400_000, 32: 4_000_000}
NAIVE_SIZES = (4, 8, 16, 32, 64, 128, 256, 512, 1024)


def main(folder: Path) -> None:
    """Simulate, draw, and write headline.png, headline.svg and headline.csv."""
    task = w2s.canonical_task()
    naive = pd.concat(
        w2s.compare(task, {"ridge 0.3": w2s.Ridge(0.3, num_weak=n)}, seed=SEED).assign(num_weak=n)
        for n in track(NAIVE_SIZES, lambda n: f"naive fine-tuning, n = {n}")
    )
    refined = pd.concat(
        w2s.compare(task, {"in context": w2s.InContext(n)}, replicates=count, seed=SEED).assign(
            num_demonstrations=n
        )
        for n, count in track(
            list(REPLICATES.items()), lambda step: f"refinement, n = {step[0]}: {step[1]:,} replicates"
        )
    )
    diameter_squared = float(concept_diameter(task)) ** 2
    sizes = range(1, 41)
    # The squared error of a labeller never exceeds D^2, so a bound above D^2 is vacuous.
    bounds = [diameter_squared * min(1.0, float(w2s.identification_bound(task, n))) for n in sizes]
    bound = pd.DataFrame({"num_demonstrations": sizes, "bound": bounds})

    folder.mkdir(parents=True, exist_ok=True)
    figure = headline_figure(naive, refined, bound, float(w2s.naive_floor(task)))
    for suffix in ("png", "svg"):
        figure.savefig(folder / f"headline.{suffix}", metadata={"Date": None} if suffix == "svg" else None)
    table = pd.concat([naive, refined])[
        ["estimator", "num_weak", "num_demonstrations", "risk", "risk_se", "pgr", "pgr_se", "replicates"]
    ]
    table.to_csv(folder / "headline.csv", index=False)
    print(f"wrote {folder / 'headline.png'}")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent / "gallery")
