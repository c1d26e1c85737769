"""Compiled tiles: on which devices they run, and one replicate alone."""

import os
from collections.abc import Sequence
from types import SimpleNamespace

import jax
import numpy as np
import pytest

import w2s_sim as w2s
from w2s_sim.engine.programs import (
    COMPILER_OPTIONS,
    compile_cheaply,
    make_room_for_decompositions,
    pool_threads,
    tile_options,
    usable_devices,
)
from w2s_sim.engine.replication import Tiles, tiles_of
from w2s_sim.runs.cell_metrics import measured

MEASURE = measured(("risk", "prior_kl", "prior_tv"))


@pytest.fixture(scope="module")
def tiles() -> Tiles:
    return tiles_of(MEASURE, w2s.Case("", w2s.canonical_task(), w2s.Ridge(0.3, num_weak=20)))


def pretend(monkeypatch: pytest.MonkeyPatch, platform: str, count: int) -> Sequence[SimpleNamespace]:
    devices = [SimpleNamespace(platform=platform, id=number) for number in range(count)]
    monkeypatch.setattr(jax, "local_devices", lambda: devices)
    return devices


@pytest.mark.parametrize(
    ("threads", "used"), [("1", 1), ("2", 1), ("3", 2), ("5", 4), ("8", 7), ("9", 8), ("64", 8)]
)
def test_one_thread_of_the_pool_is_left_over(
    monkeypatch: pytest.MonkeyPatch, threads: str, used: int
) -> None:
    devices = pretend(monkeypatch, "cpu", 8)
    monkeypatch.setenv("NPROC", threads)
    assert list(usable_devices()) == devices[:used]


def test_without_a_choice_the_pool_has_a_thread_a_core(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda process: {0, 3, 5})
    for given in ("", "many"):
        monkeypatch.setenv("NPROC", given)
        assert pool_threads() == 3
    monkeypatch.delenv("NPROC")
    pretend(monkeypatch, "cpu", 8)
    assert len(usable_devices()) == 2


def test_the_pool_has_threads_to_spare_unless_its_size_was_chosen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda process: {0, 1})
    monkeypatch.setenv("XLA_FLAGS", "--xla_force_host_platform_device_count=4")
    for given, threads in ((None, 12), ("3", 3)):
        if given is None:
            monkeypatch.delenv("NPROC", raising=False)
        else:
            monkeypatch.setenv("NPROC", given)
        make_room_for_decompositions()
        assert pool_threads() == threads


def test_systems_that_tie_no_process_to_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "sched_getaffinity")
    monkeypatch.setattr(os, "cpu_count", lambda: 5)
    monkeypatch.delenv("NPROC", raising=False)
    assert pool_threads() == 5


def test_accelerators_are_all_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NPROC", "2")
    devices = pretend(monkeypatch, "gpu", 8)
    assert list(usable_devices()) == devices


def test_a_replicate_alone_is_the_same_to_the_bit(tiles: Tiles) -> None:
    together = tiles.run(3, [0, 1])
    assert len(together) == 2 * tiles.lanes
    assert len(np.unique(together[:, 0])) == len(together)
    for replicate in (0, 5, tiles.lanes - 1, tiles.lanes, 2 * tiles.lanes - 3):
        np.testing.assert_array_equal(tiles.run_alone(3, replicate), together[replicate])


def test_tiles_come_in_the_order_in_which_they_were_asked_for(tiles: Tiles) -> None:
    lanes, together = tiles.lanes, tiles.run(3, [0, 1, 2])
    np.testing.assert_array_equal(
        tiles.run(3, [2, 0]), np.concatenate([together[2 * lanes :], together[:lanes]])
    )
    assert len(tiles.run(3, [])) == 0


def test_large_cases_have_fewer_lanes(tiles: Tiles) -> None:
    large = tiles_of(MEASURE, w2s.Case("", w2s.canonical_task(), w2s.Ridge(0.3, num_weak=5000)))
    assert 1 <= large.lanes < tiles.lanes
    assert tiles.lanes % large.lanes == 0


def test_the_suite_compiles_as_cheaply_as_the_checks_without_the_optimiser() -> None:
    flags = os.environ["XLA_FLAGS"].split()
    options = {**COMPILER_OPTIONS, "xla_backend_optimization_level": 0}
    assert {f"--{name}={str(value).lower()}" for name, value in options.items()} <= set(flags)


def test_flags_of_the_user_win_over_those_of_tiles(monkeypatch) -> None:
    monkeypatch.setenv("XLA_FLAGS", "--xla_force_host_platform_device_count=2")
    assert tile_options() == COMPILER_OPTIONS
    monkeypatch.setenv("XLA_FLAGS", "--xla_backend_optimization_level=3")
    assert tile_options().keys() == COMPILER_OPTIONS.keys() - {"xla_backend_optimization_level"}


def test_the_optimiser_can_be_asked_for(optimised_tiles: None) -> None:
    assert tile_options()["xla_backend_optimization_level"] == 1


def test_flags_of_the_user_win_over_the_cheap_ones(monkeypatch) -> None:
    own = "--xla_backend_optimization_level=3"
    monkeypatch.setenv("XLA_FLAGS", own)
    compile_cheaply()
    flags = os.environ["XLA_FLAGS"].split()
    assert len(flags) == len(COMPILER_OPTIONS) + 1
    assert flags[-1] == own
