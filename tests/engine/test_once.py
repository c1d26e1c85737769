"""A cache of values that are each computed once, and of which only the latest are kept."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from w2s_sim.engine.once import once


def test_those_asked_for_last_are_kept() -> None:
    computed: list[int] = []

    @once(2)
    def square(number: int) -> int:
        computed.append(number)
        return number**2

    assert [square(number) for number in (1, 2, 1, 3, 1, 2)] == [1, 4, 1, 9, 1, 4]
    # 3 took the place of 2, since 1 had been asked for after it.
    assert computed == [1, 2, 3, 2]
    square.forget()
    assert (square(1), computed) == (1, [1, 2, 3, 2, 1])


def test_threads_wait_for_a_value_and_failures_are_tried_again() -> None:
    begun, may_end = threading.Event(), threading.Event()
    computed: list[int] = []

    @once(1)
    def slow(number: int) -> int:
        computed.append(number)
        begun.set()
        may_end.wait(10)
        return number

    with ThreadPoolExecutor(2) as threads:
        both = [threads.submit(slow, 7) for _ in range(2)]
        begun.wait(10)
        may_end.set()
        assert [each.result() for each in both] == [7, 7]
    assert computed == [7]

    @once(1)
    def fails(number: int) -> int:
        computed.append(number)
        raise ValueError(number)

    for _ in range(2):
        with pytest.raises(ValueError, match="8"):
            fails(8)
    assert computed == [7, 8, 8]
