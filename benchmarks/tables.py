"""Tables of results in Markdown, for the terminal and for theory/performance.md.

Run: python -m benchmarks.tables [FILE], for the last stored run or another one.
"""

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from benchmarks.store import last_alike, last_stored, read

UNITS = ((1.0, "s"), (1e-3, "ms"), (1e-6, "µs"), (1e-9, "ns"))


def ratios(workload: dict[str, Any], before: dict[str, Any] | None) -> Iterator[list[str]]:
    """Yield the rows of ratios of a workload: peer's time over ours, then our time over the limit's.

    Args:
        workload: The record of a workload.
        before: The record of the same workload in an earlier run.
    """
    for kind, other in (("ratios", "peer"), ("limits", "limit")):
        earlier = {(row["ours"], row[other]): row for row in (before or {}).get(kind, [])}
        for row in workload[kind]:
            shown = row["error"] if row.get("by") == "error" else row["work"]
            target = "" if "target" not in row else f"{row['target']:,g}"
            if target and row.get("by") == "error":
                target += " (to the same error)"
            if target and kind == "limits":
                target = f"at most {target}"
            reached = ""
            if "target" in row:
                met = (shown["median"] >= row["target"]) == (kind == "ratios")
                reached = "yes" if met else "no"
            last = earlier.get((row["ours"], row[other]))
            yield [
                workload["name"],
                f"`{row['ours']}`" if kind == "ratios" else f"time of `{row['ours']}`",
                row[other] if kind == "ratios" else f"over {row[other]}",
                _spread(row["work"]),
                _spread(row["processor"]) if "processor" in row else "",
                _spread(row["error"]) if "error" in row else "",
                target,
                reached,
                _number(last["work"]["median"]) if last else "",
            ]


def seconds(workload: dict[str, Any]) -> Iterator[list[str]]:
    """Yield the rows of times of a workload."""
    for row in workload["contenders"]:
        compiling = row.get("compile_seconds")
        yield [
            workload["name"],
            row["name"],
            f"{_time(row['seconds']['median'])} a {workload['unit']}",
            "" if row.get("processor") is None else _time(row["processor"]),
            f"{row['units']:,}",
            "" if compiling is None else f"{compiling:.1f}",
        ]


def growth(axis: dict[str, Any]) -> list[str]:
    """Return the row of an axis."""
    first, last = axis["points"][0], axis["points"][-1]
    megabytes = [point["bytes"] / 1e6 for point in (first, last)]
    return [
        axis["axis"],
        axis["what"],
        f"{first['size']:,} to {last['size']:,}",
        f"{_time(first['seconds'])} to {_time(last['seconds'])} a {axis['unit']}",
        f"{_slope(axis['time_slope'])} / {_slope(axis['late_time_slope'])}",
        f"{axis['own_slope']:g}",
        f"{megabytes[0]:,.0f} to {megabytes[1]:,.0f} MB",
        f"{_slope(axis['memory_slope'])} / {_slope(axis['late_memory_slope'])}",
        axis["own_memory"],
    ]


def markdown(run: dict[str, Any], before: dict[str, Any] | None) -> str:
    """Return all tables of a run."""
    earlier = {each["name"]: each for each in (before or {}).get("workloads", [])}
    workloads = run["workloads"]
    rows = [row for each in workloads for row in ratios(each, earlier.get(each["name"]))]
    head = [
        "workload",
        "ours",
        "against",
        "by the clock",
        "of processor",
        "same standard error",
        "target",
        "reached",
        "last run",
    ]
    parts = [about(run["machine"]), _table(head, rows)]
    rows = [row for each in workloads for row in seconds(each)]
    parts.append(_table(["workload", "who", "time", "of processor", "units a run", "compiling (s)"], rows))
    if run["growth"]:
        head = ["in", "of", "sizes", "time", "slope / at the end", "own", "memory above the start"]
        head += ["slope / at the end", "own"]
        parts.append(_table(head, [growth(axis) for axis in run["growth"]]))
    skipped = {name for each in workloads for name in each["skipped"]}
    if skipped:
        parts.append("Not installed, skipped: " + ", ".join(sorted(skipped)) + ".")
    return "\n\n".join(parts)


def about(machine: dict[str, Any]) -> str:
    """Return a sentence about the machine."""
    versions = ", ".join(f"{name} {version}" for name, version in machine["versions"].items())
    return (
        f"{machine['date']}, revision {machine['revision']}: "
        f"{machine['cores']} cores of {machine['processor']}, device {machine['device']}, "
        f"{machine['precision']}; {versions}."
    )


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _spread(values: dict[str, float]) -> str:
    median, low, high = (_number(values[name]) for name in ("median", "low", "high"))
    return median if low == high else f"{median} ({low} to {high})"


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.2g}"


def _time(value: float) -> str:
    for size, unit in UNITS:
        if value >= size:
            return f"{value / size:.3g} {unit}"
    return f"{value:.3g} s"


def _slope(value: float | None) -> str:
    return "" if value is None else f"{value:.2f}"


def main() -> None:
    """Print the tables of a stored run, compared with the one before on such a machine."""
    file = Path(sys.argv[1]) if sys.argv[1:] else last_stored()
    if file is None:
        sys.exit("no run is stored")
    run = read(file)
    print(markdown(run, last_alike(run["machine"], before=file)))


if __name__ == "__main__":
    main()
