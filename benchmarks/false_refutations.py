"""How often true claims at the boundary are refuted, and how often intervals miss at any look.

Run: python benchmarks/false_refutations.py [--batteries 1000] [--alpha 0.05].
"""

import argparse
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from functools import partial

from rich.console import Console
from rich.progress import track

from w2s_sim.verify import Settings
from w2s_sim.verify.null_batteries import NUM_CLAIMS, run_null_battery


def main() -> None:
    """Run the batteries and print the shares, with their standard errors."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--batteries", type=int, default=1000)
    parser.add_argument("--alpha", type=float, default=0.05)
    arguments = parser.parse_args()
    settings = Settings(alpha=arguments.alpha)
    console = Console()
    with ProcessPoolExecutor() as pool:
        runs = pool.map(partial(run_null_battery, settings=settings), range(arguments.batteries), chunksize=4)
        errors = list(track(runs, total=arguments.batteries, console=console, transient=True))
    console.print(
        f"{len(errors)} batteries of {NUM_CLAIMS} true claims, family-wise level {settings.alpha:g}"
    )
    for name in ("refuted", "missed"):
        share = sum(bool(getattr(error, name)) for error in errors) / len(errors)
        se = (share * (1.0 - share) / len(errors)) ** 0.5
        what = {"refuted": "a true claim refuted", "missed": "an interval that misses at some look"}[name]
        console.print(f"batteries with {what}: {share:.4f} (se {se:.4f})")
        for law, count in Counter(item for error in errors for item in getattr(error, name)).most_common():
            console.print(f"    {law}: {count}")


if __name__ == "__main__":
    main()
