"""Benchmarks compare like with like: every contender computes the same. Nothing is timed here."""

import importlib

import pytest

from benchmarks import store, tables
from benchmarks.bench import NAMES
from benchmarks.timing import measure
from benchmarks.workload import Answer, distance

# What is left out here starts processes, or computes for minutes what other tests cover.
QUICK = [name for name in NAMES if name not in ("studies", "posterior")]


@pytest.mark.parametrize("name", QUICK)
def test_contenders_compute_the_same(name: str) -> None:
    for workload in importlib.import_module(f"benchmarks.workloads.{name}").workloads("tiny"):
        record = measure(workload, 1)
        assert record["disagreement"], workload.name
        for other, apart in record["disagreement"].items():
            assert apart <= 1.0, (workload.name, other)
        assert tables.markdown({"machine": _MACHINE, "workloads": [record], "growth": []}, None)


_MACHINE = {
    "date": "2026-01-01T00:00",
    "revision": "0",
    "processor": "?",
    "cores": 1,
    "device": "?",
    "precision": "float32",
    "versions": {},
}


def test_distance_counts_standard_errors() -> None:
    assert distance(Answer([1.0, 2.0], [0.1, 0.1]), Answer([1.0, 2.5], [0.0, 0.0]), 0.0) == 1.0
    assert distance(Answer([1.0]), Answer([1.1]), 1e-4) > 100
    assert distance(Answer(None), Answer([1.0]), 0.0) == 0.0


def test_stored_runs_are_read() -> None:
    for file in store.stored():
        run = store.read(file)
        assert run["machine"]["cores"] >= 1
        assert tables.markdown(run, run)
        # A stored ratio of different things is worth nothing.
        assert all(apart <= 1.0 for each in run["workloads"] for apart in each["disagreement"].values())
