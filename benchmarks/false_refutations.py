"""Rates of refuted true claims, of false claims called consistent, and of intervals that miss at any look.

Run: python -m benchmarks.false_refutations [--batteries 1000] [--alpha 0.001 0.05 0.5] [--out FILE.csv].
"""

import argparse
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

import pandas as pd
from rich.console import Console
from rich.progress import track

from w2s_sim.verify import Settings
from w2s_sim.verify.null_batteries import ALL_LAWS, KINDS, BatteryErrors, run_null_battery

WRONG = {
    "refuted": "a true claim refuted",
    "accepted": "a false claim called consistent",
    "missed": "an interval that misses at some look",
}


def run(index: int, settings: Settings) -> BatteryErrors:
    """Run one battery of all laws in its own process; a module-level function, because it must be pickled."""
    return run_null_battery(index, settings, ALL_LAWS)


def counts(errors: Sequence[BatteryErrors], alpha: float) -> pd.DataFrame:
    """Return how many batteries show each mistake, and in how many each false claim is refuted.

    Args:
        errors: The errors of every battery.
        alpha: Family-wise level of each.

    Returns:
        One row per count: `alpha`, `batteries`, `what` ("refuted", "accepted" or "missed" as in WRONG, or
        "caught"), `claim` (of "caught" alone) and `count`.
    """
    rows = [(what, "", sum(bool(getattr(error, what)) for error in errors)) for what in WRONG]
    caught = Counter(item for error in errors for item in error.caught)
    claims = [f"{law.name}, {kind}" for law in ALL_LAWS for kind in KINDS]
    rows += [("caught", claim, caught[claim]) for claim in claims]
    table = pd.DataFrame(rows, columns=["what", "claim", "count"])
    table.insert(0, "alpha", alpha)
    table.insert(1, "batteries", len(errors))
    return table


def main() -> None:
    """Run the batteries, and print the counts."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--batteries", type=int, default=1000)
    parser.add_argument("--alpha", type=float, nargs="+", default=[0.001, 0.05, 0.5])
    parser.add_argument("--out", type=Path)
    arguments = parser.parse_args()
    console, tables = Console(), []
    for alpha in arguments.alpha:
        with ProcessPoolExecutor() as pool:
            settings = Settings(alpha=alpha)
            runs = pool.map(partial(run, settings=settings), range(arguments.batteries), chunksize=4)
            errors = list(track(runs, total=arguments.batteries, console=console, transient=True))
        tables.append(counts(errors, alpha))
        console.print(f"{len(errors)} batteries, family-wise level {alpha:g}")
        for row in tables[-1].itertuples():
            what = WRONG.get(row.what, f"false claim refuted: {row.claim}")
            console.print(f"    {what}: {row.count}")
    if arguments.out:
        pd.concat(tables).to_csv(arguments.out, index=False)


if __name__ == "__main__":
    main()
