"""Rates of refuted true claims, of false claims called consistent, and of intervals that miss at any look.

Run: python benchmarks/false_refutations.py [--batteries 1000] [--alpha 0.05].
"""

import argparse
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from functools import partial

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


def main() -> None:
    """Run the batteries, and print the rates with their standard errors."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--batteries", type=int, default=1000)
    parser.add_argument("--alpha", type=float, default=0.05)
    arguments = parser.parse_args()
    settings = Settings(alpha=arguments.alpha)
    console = Console()
    with ProcessPoolExecutor() as pool:
        runs = pool.map(partial(run, settings=settings), range(arguments.batteries), chunksize=4)
        errors = list(track(runs, total=arguments.batteries, console=console, transient=True))
    console.print(
        f"{len(errors)} batteries of {len(ALL_LAWS) * len(KINDS)} true and as many false claims, "
        f"family-wise level {settings.alpha:g}"
    )
    for name, what in WRONG.items():
        share = sum(bool(getattr(error, name)) for error in errors) / len(errors)
        se = (share * (1.0 - share) / len(errors)) ** 0.5
        console.print(f"batteries with {what}: {share:.4f} (se {se:.4f})")
        for law, count in Counter(item for error in errors for item in getattr(error, name)).most_common():
            console.print(f"    {law}: {count}")
    caught = Counter(item for error in errors for item in error.caught)
    console.print("false claims refuted, of all batteries:")
    for name in (f"{law.name}, {kind}" for law in ALL_LAWS for kind in KINDS):
        console.print(f"    {name}: {caught[name] / len(errors):.3f}")


if __name__ == "__main__":
    main()
