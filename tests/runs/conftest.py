"""Fixtures of the tests that run studies."""

import numpy as np
import pytest

from w2s_sim.engine.replication import Tiles
from w2s_sim.runs import schedule


@pytest.fixture
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Several parts a cell, on the borders of the engine's tiles."""
    monkeypatch.setattr(schedule, "CHUNK", 512)


@pytest.fixture
def nothing_computes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever computes a replicate fails the test."""

    def refuse(*arguments: object) -> np.ndarray:
        raise AssertionError("replicates were computed")

    monkeypatch.setattr(Tiles, "run", refuse)
    monkeypatch.setattr(Tiles, "run_alone", refuse)
