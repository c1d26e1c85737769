"""How time and memory grow with the size of a problem, beside what the algorithm says.

Every point is a process of its own (`benchmarks.clocked_process`), whose memory is the kernel's peak.
"""

import dataclasses
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np

import w2s_sim as w2s
from benchmarks.processes import clocked
from benchmarks.workload import Scale
from benchmarks.workloads.studies import STUDY
from w2s_sim.files.study_file import load_study
from w2s_sim.identification import identification_errors
from w2s_sim.runs.runner import run_study

Work = Callable[[], object]


@dataclasses.dataclass(frozen=True)
class Axis:
    """One direction in which a problem grows.

    Attributes:
        what: The work, in words.
        sizes: The sizes, over three decades.
        work: Function of the size that prepares the work.
        units: Replicates of that work, so that small problems take a time that can be measured.
        unit: What the time is told for.
        slope: Exponent of the time in the size, for large sizes, as the algorithm has it.
        memory: What the memory should do, in words.
        clock: "seconds": programs are compiled beforehand; "first_seconds": compiling is part of it.
    """

    what: str
    sizes: tuple[int, ...]
    work: Callable[[int], Work]
    units: Callable[[int], int]
    unit: str
    slope: float
    memory: str
    clock: Literal["seconds", "first_seconds"] = "seconds"


def _regression(dim: int, num_concepts: int) -> Any:
    even = [1.0 / num_concepts] * num_concepts
    target = [0.0] * (num_concepts - 1) + [1.0]
    vectors = np.random.default_rng(0).normal(size=(num_concepts, dim)) / dim**0.5
    return w2s.regression_task(
        dim,
        num_concepts,
        source_prior=even,
        target_prior=target,
        concepts=vectors,
        supervisor=w2s.RegressionSupervisor(0.9 * vectors, 0.5),
    )


def _ridge(task: Any, num_weak: int, replicates: int) -> Work:
    students = {"ridge": w2s.Ridge(0.3, num_weak=num_weak)}
    return lambda: w2s.compare(task, students, replicates=replicates)


def _of_dimension(size: int) -> int:
    return max(4, min(8_192, 2**24 // size**2))


def _of_pairs(size: int) -> int:
    return max(512, min(16_384, 2**22 // size))


def _contexts(size: int) -> int:
    return max(1_024, min(16_384, 2**22 // size))


def _identify(num_concepts: int) -> Work:
    task = _regression(16, num_concepts)
    return lambda: identification_errors(task, 16, replicates=_contexts(num_concepts))


def _spectra(replicates: int) -> Work:
    task, students = w2s.canonical_task(), {"ridge": w2s.Ridge(0.3, num_weak=60)}
    return lambda: w2s.finetuning_risk_path(task, students, replicates=replicates)


def _study(cells: int) -> Work:
    sizes = [20 + number for number in range(cells)]

    def run() -> None:
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "study.toml"
            file.write_text(STUDY.format(sizes=sizes, replicates=1_000))
            run_study(load_study(file), Path(folder) / "out")

    return run


def _once(size: int) -> int:
    return 1


AXES = {
    "d": Axis(
        "ridge by `compare`, n = 2 d",
        (1, 4, 16, 64, 256, 1_024),
        lambda size: _ridge(_regression(size, 1), 2 * size, _of_dimension(size)),
        _of_dimension,
        "replicate",
        3.0,
        "constant until one replicate fills a tile, then 2",
    ),
    "n": Axis(
        "ridge by `compare`, d = 8",
        (16, 64, 256, 1_024, 4_096, 16_384),
        lambda size: _ridge(w2s.canonical_task(), size, _of_pairs(size)),
        _of_pairs,
        "replicate",
        1.0,
        "constant: tiles get fewer lanes",
    ),
    "K": Axis(
        "`identification_errors`, d = 16, n = 1..16",
        (2, 8, 32, 128, 512, 2_048),
        _identify,
        _contexts,
        "context",
        1.0,
        "constant: tiles get fewer lanes",
    ),
    "replicates": Axis(
        "ridge by `finetuning_risk_path`, d = 8",
        (1_000, 10_000, 100_000, 1_000_000),
        _spectra,
        _once,
        "run",
        1.0,
        "1, of the results alone",
    ),
    "cells": Axis(
        "study over num_weak, d = 8, 1,000 replicates, compiler included",
        (1, 4, 16, 64, 256, 1_024),
        _study,
        _once,
        "study",
        1.0,
        "constant: programs are let go of",
        clock="first_seconds",
    ),
}
# Sizes of an axis that a run takes: a tiny one checks that it runs.
MOST_SIZES: dict[Scale, int] = {"tiny": 1, "quick": 3, "full": 10}


def measure_axis(name: str, scale: Scale) -> dict[str, Any]:
    """Measure the points of an axis, and fit the slopes of their logarithms."""
    axis = AXES[name]
    sizes = axis.sizes[: MOST_SIZES[scale]]
    points = []
    for size in sizes:
        found = clocked("growth", name, str(size), one_thread=True)
        points.append(
            {
                "size": size,
                "seconds": found[axis.clock] / axis.units(size),
                "bytes": found["peak_bytes"] - found["bytes_before"],
            }
        )
    seconds, memory = ([point[key] for point in points] for key in ("seconds", "bytes"))
    return {
        "axis": name,
        "what": axis.what,
        "unit": axis.unit,
        "points": points,
        "time_slope": slope(sizes, seconds),
        "late_time_slope": slope(sizes[-2:], seconds[-2:]),
        "own_slope": axis.slope,
        "memory_slope": slope(sizes, memory),
        "late_memory_slope": slope(sizes[-2:], memory[-2:]),
        "own_memory": axis.memory,
    }


def slope(sizes: Sequence[float], values: Sequence[float]) -> float | None:
    """Fit values = c size^slope by least squares of the logarithms; None for a single point."""
    if len(sizes) < 2:
        return None
    return float(np.polyfit(np.log(sizes), np.log(np.maximum(values, 1e-12)), 1)[0])
