"""Timing of contenders that take turns in one process, so that a slow minute of the machine hits them all."""

import contextlib
import dataclasses
import importlib.util
import itertools
import os
import statistics
import time
from collections.abc import Sequence
from typing import Any

import numpy as np

from benchmarks.workload import Answer, Contender, Workload, distance


@dataclasses.dataclass(frozen=True)
class Run:
    """One timed run.

    Attributes:
        seconds: Seconds for a unit of work, by the clock.
        processor: The same of all cores together, which other work on the machine changes less; None if other
            processes did the work.
        answer: What it found.
    """

    seconds: float
    processor: float | None
    answer: Answer


def timed(contender: Contender, seed: int) -> Run:
    """Run a contender once."""
    with threads_of(contender):
        began, busy = time.perf_counter(), time.process_time()
        answer = contender.run(seed)
        seconds, busy = time.perf_counter() - began, time.process_time() - busy
    if answer.seconds is not None:
        return Run(answer.seconds / contender.units, None, answer)
    processor = None if contender.elsewhere else busy / contender.units
    return Run(seconds / contender.units, processor, answer)


def threads_of(contender: Contender) -> contextlib.AbstractContextManager[Any]:
    """Give BLAS as many threads as the contender wants, where threadpoolctl is installed to do so."""
    if not contender.one_thread or importlib.util.find_spec("threadpoolctl") is None:
        return contextlib.nullcontext()
    from threadpoolctl import threadpool_limits

    return threadpool_limits(1)


def measure(workload: Workload, rounds: int) -> dict[str, Any]:
    """Time all contenders of a workload that are installed.

    Args:
        workload: The workload.
        rounds: Number of timed runs of each contender. In every round each of them runs once; the order is
            turned round from one to the next.

    Returns:
        A record for the file of results: seconds for a unit of each contender, the ratios of ours to the
        peers, and how near we are to the limits.
    """
    rounds = workload.rounds or rounds
    there = [contender for contender in workload.contenders if contender.is_there]
    first = {contender.name: timed(contender, 0) for contender in there} if workload.warm else {}
    runs: dict[str, list[Run]] = {contender.name: [] for contender in there}
    load = [os.getloadavg()[0]]
    for number in range(rounds):
        for contender in there if number % 2 == 0 else reversed(there):
            runs[contender.name].append(timed(contender, number + 1))
    load.append(os.getloadavg()[0])
    ours = [contender for contender in there if contender.role == "ours"]
    peers = [contender for contender in there if contender.role == "peer"]
    return {
        "name": workload.name,
        "work": workload.work,
        "unit": workload.unit,
        "rounds": rounds,
        "load": load,
        "contenders": [_record(each, first.get(each.name), runs[each.name]) for each in there],
        "ratios": [
            _ratio(workload, mine, peer, runs[mine.name], runs[peer.name])
            for mine, peer in itertools.product(ours, peers)
        ],
        "limits": [
            _limit(workload, name, each, runs[name], runs[each.name])
            for each in there
            for name in each.limit_of
            if name in runs
        ],
        "skipped": [each.name for each in workload.contenders if not each.is_there],
        "disagreement": _disagreement(workload, there, runs),
    }


def spread(values: Sequence[float]) -> dict[str, float]:
    """Return the median and the range."""
    return {"median": statistics.median(values), "low": min(values), "high": max(values)}


def _record(contender: Contender, first: Run | None, runs: Sequence[Run]) -> dict[str, Any]:
    seconds = spread([run.seconds for run in runs])
    busy = [run.processor for run in runs if run.processor is not None]
    record: dict[str, Any] = {
        "name": contender.name,
        "role": contender.role,
        "units": contender.units,
        "seconds": seconds,
        "processor": statistics.median(busy) if busy else None,
        **runs[-1].answer.extra,
    }
    if first is not None and contender.role != "peer":
        # What the first run took longer: mostly the compiler.
        record["compile_seconds"] = max(0.0, (first.seconds - seconds["median"]) * contender.units)
    return record


def _ratio(
    workload: Workload, ours: Contender, peer: Contender, mine: Sequence[Run], others: Sequence[Run]
) -> dict[str, Any]:
    work = [other.seconds / own.seconds for own, other in zip(mine, others, strict=True)]
    record: dict[str, Any] = {"ours": ours.name, "peer": peer.name, "work": spread(work)}
    _add_processor(record, mine, others, inverse=False)
    if all(np.all(np.asarray(run.answer.se) > 0) for run in (*mine, *others)):
        error = [
            ratio * _variance_ratio(ours, peer, own.answer, other.answer)
            for ratio, own, other in zip(work, mine, others, strict=True)
        ]
        record["error"] = spread(error)
    for target in workload.targets:
        if (target.ours, target.other) == (ours.name, peer.name):
            record |= {"target": target.ratio, "by": target.by}
    return record


def _add_processor(
    record: dict[str, Any], mine: Sequence[Run], others: Sequence[Run], *, inverse: bool
) -> None:
    """Add the ratio of the processor times, the other's over ours, or the inverse."""
    pairs = [(own.processor, other.processor) for own, other in zip(mine, others, strict=True)]
    ratios = [other / own for own, other in pairs if own and other]
    if ratios:
        record["processor"] = spread([1.0 / ratio for ratio in ratios] if inverse else ratios)


def _variance_ratio(ours: Contender, peer: Contender, mine: Answer, other: Answer) -> float:
    """Variance that a unit of work leaves, the peer's over ours: geometric mean over the numbers."""
    logs = 2.0 * np.log(np.asarray(other.se, float) / np.asarray(mine.se, float))
    return float(np.exp(np.mean(logs))) * peer.units / ours.units


def _limit(
    workload: Workload, name: str, limit: Contender, mine: Sequence[Run], least: Sequence[Run]
) -> dict[str, Any]:
    ratios = [own.seconds / run.seconds for own, run in zip(mine, least, strict=True)]
    record: dict[str, Any] = {"ours": name, "limit": limit.name, "work": spread(ratios)}
    _add_processor(record, mine, least, inverse=True)
    for target in workload.targets:
        if (target.ours, target.other) == (name, limit.name):
            record["target"] = target.ratio
    return record


def _disagreement(
    workload: Workload, there: Sequence[Contender], runs: dict[str, list[Run]]
) -> dict[str, float]:
    """How far the contenders are from the first of ours, in allowed distances: above 1 something is wrong."""
    answers = {each.name: runs[each.name][-1].answer for each in there if each.role != "limit"}
    own = next((each.name for each in there if each.role == "ours"), None)
    if own is None:
        return {}
    return {
        name: distance(answers[own], answer, workload.tolerance)
        for name, answer in answers.items()
        if name != own
    }
