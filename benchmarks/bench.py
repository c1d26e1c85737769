"""Every workload, ours and peers; then growth. Prints tables, and stores the numbers.

Run: make bench, or python -m benchmarks.bench [NAME ...] [--quick] [--slow] [--rounds N] [--no-store].

Contenders take turns in one process. A ratio is the peer's time over ours for the same work, the median
over the rounds with its range; compiling is told apart. Quote the ratios, not the times: machines differ and
drift. A peer that is not installed is skipped (pip install -e '.[bench]' brings them all). Names are those of
the modules in benchmarks/workloads/, and "growth". All of it takes about 15 minutes on two cores; `--slow`
adds `w2s verify`.
"""

import argparse
import importlib
import sys
from typing import Any

from benchmarks import store
from benchmarks.workload import Scale

NAMES = (
    "random_numbers",
    "ridge_path",
    "fine_tuning",
    "identification",
    "likelihoods",
    "studies",
    "posterior",
)
SLOW = ("verify",)
GROWTH = "growth"


def measured(name: str, scale: Scale, rounds: int) -> list[dict[str, Any]]:
    """Measure the workloads of a module."""
    from benchmarks.timing import measure

    module = importlib.import_module(f"benchmarks.workloads.{name}")
    records = []
    for workload in module.workloads(scale):
        records.append(measure(workload, rounds))
        print(f"{workload.name}: {workload.work}", file=sys.stderr, flush=True)
        for other, apart in records[-1]["disagreement"].items():
            if apart > 1.0:
                print(f"  {other} computes something else: {apart:.1f} allowed distances", file=sys.stderr)
    return records


def main() -> int:
    """Measure what is asked for; exit status 1 if two contenders compute different things."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    every = (*NAMES, *SLOW, GROWTH)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(every)}")
    parser.add_argument("--quick", action="store_true", help="small sizes and few rounds; stores nothing")
    parser.add_argument("--slow", action="store_true", help="also w2s verify, which takes minutes")
    parser.add_argument("--rounds", type=int, help="timed runs of each contender")
    parser.add_argument("--no-store", action="store_true", help="print only")
    arguments = parser.parse_args()
    if unknown := [name for name in arguments.names if name not in every]:
        parser.error(f"no workload {unknown[0]!r}: expected one of {', '.join(every)}")
    names = arguments.names or [*NAMES, *(SLOW if arguments.slow else ()), GROWTH]
    scale: Scale = "quick" if arguments.quick else "full"
    rounds = arguments.rounds or (3 if arguments.quick else 5)

    # Before JAX starts: programs of several decompositions need more threads than cores.
    from w2s_sim.engine.programs import make_room_for_decompositions

    make_room_for_decompositions()
    from benchmarks.machine import machine
    from benchmarks.tables import markdown

    run: dict[str, Any] = {"machine": machine(), "workloads": [], "growth": []}
    earlier = store.last_alike(run["machine"])
    file = None if arguments.quick or arguments.no_store else store.name_of(run["machine"])
    for name in names:
        if name == GROWTH:
            from benchmarks.growth import AXES, measure_axis

            for axis in AXES:
                run["growth"].append(measure_axis(axis, scale))
        else:
            run["workloads"] += measured(name, scale, rounds)
        if file is not None:
            # After each, so that an interruption loses little.
            store.write(file, run)
    print(markdown(run, earlier))
    disagreements = [apart for each in run["workloads"] for apart in each["disagreement"].values()]
    return int(any(apart > 1.0 for apart in disagreements))


if __name__ == "__main__":
    sys.exit(main())
