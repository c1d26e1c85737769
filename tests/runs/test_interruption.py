"""Signals end long work within seconds, whatever it is computing; nothing else changes."""

import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from typing import Any

import numpy as np
import pytest

from tests.files.test_study_file import study_of
from tests.runs.study_runs import ONE, kept
from w2s_sim.engine.replication import Tiles
from w2s_sim.runs import interruption
from w2s_sim.runs.interruption import InterruptedRunError, Interruption, run_interruptibly
from w2s_sim.runs.runner import run_study
from w2s_sim.runs.store import Store

SIGNALS = (signal.SIGINT, signal.SIGTERM)


def not_noted(number: int, frame: FrameType | None) -> None:
    raise AssertionError("the signal came through")


@pytest.fixture(autouse=True)
def own_handlers() -> Iterator[None]:
    """Of this test, so that a signal that is not noted fails it, and does not end the whole run."""
    before = {number: signal.signal(number, not_noted) for number in SIGNALS}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.fixture
def short_grace(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(interruption, "GRACE_SECONDS", 0.2)


def assert_restored() -> None:
    assert [signal.getsignal(number) for number in SIGNALS] == [not_noted] * 2


def test_the_value_comes_through() -> None:
    assert run_interruptibly(lambda noted: (noted.asked.is_set(), threading.current_thread().name)) == (
        False,
        "study",
    )
    assert run_interruptibly(lambda noted: None) is None
    assert_restored()


@pytest.mark.parametrize("error", [ValueError("seven"), KeyboardInterrupt(), SystemExit(3)])
def test_exceptions_of_the_work_come_through(error: BaseException) -> None:
    def work(noted: Interruption) -> None:
        raise error

    with pytest.raises(type(error)) as raised:
        run_interruptibly(work)
    assert raised.value is error
    assert_restored()


@pytest.mark.usefixtures("short_grace")
@pytest.mark.parametrize("number", SIGNALS)
def test_a_signal_leaves_work_behind_that_does_not_end(number: signal.Signals) -> None:
    started: list[Interruption] = []

    def work(noted: Interruption) -> str:
        started.append(noted)
        signal.raise_signal(number)
        time.sleep(60)
        return "too late"

    with pytest.raises(InterruptedRunError):
        run_interruptibly(work)
    assert started[0].asked.is_set()
    assert started[0].left.is_set()
    with pytest.raises(InterruptedRunError):
        started[0].check()
    assert_restored()


def test_a_second_signal_does_not_wait_for_the_work() -> None:
    started: list[Interruption] = []

    def work(noted: Interruption) -> None:
        started.append(noted)
        signal.raise_signal(signal.SIGINT)
        noted.asked.wait(60)
        signal.raise_signal(signal.SIGINT)
        time.sleep(60)

    began = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        run_interruptibly(work, grace=50.0)
    assert time.monotonic() - began < 40
    assert started[0].left.is_set()
    assert_restored()


def test_work_may_end_by_itself_after_a_signal() -> None:
    def work(noted: Interruption) -> str:
        noted.check()
        signal.raise_signal(signal.SIGTERM)
        noted.asked.wait(60)
        with pytest.raises(InterruptedRunError):
            noted.check()
        assert not noted.left.is_set()
        return "kept"

    assert run_interruptibly(work) == "kept"
    assert_restored()


def test_other_threads_leave_signals_alone() -> None:
    values: list[int] = []
    thread = threading.Thread(target=lambda: values.append(run_interruptibly(lambda noted: 3)))
    thread.start()
    thread.join(60)
    assert values == [3]
    assert_restored()


@pytest.mark.usefixtures("short_grace", "small_chunks")
def test_what_was_left_behind_does_not_write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second chunk is computed when nobody waits for it any more."""
    original, released, computed, threads = Tiles.run, threading.Event(), threading.Event(), []

    def slow(*arguments: Any) -> np.ndarray:
        values = original(*arguments)
        if Store(tmp_path / "out").ranges():
            threads.append(threading.current_thread())
            signal.raise_signal(signal.SIGTERM)
            released.wait(60)
            computed.set()
        return values

    monkeypatch.setattr(Tiles, "run", slow)
    study = study_of(tmp_path, ONE)
    with pytest.raises(InterruptedRunError):
        run_study(study, tmp_path / "out")
    released.set()
    threads[0].join(60)
    assert computed.is_set()
    assert not threads[0].is_alive()
    assert Store(tmp_path / "out").ranges() == {0: [(0, 512)]}
    monkeypatch.setattr(Tiles, "run", original)
    run_study(study, tmp_path / "out", resume=True)
    assert len(kept(tmp_path / "out")[0]) == 1400
