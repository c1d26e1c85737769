"""A thread-safe cache: each value is computed once, and other threads that need the value wait for it."""

import functools
import threading
from collections.abc import Callable, Hashable
from concurrent.futures import Future
from typing import Generic, ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")


class Once(Generic[P, R]):
    """A cached function of hashable arguments; threads compute different values in parallel.

    A failure is not cached: the next call computes the value again.
    """

    def __init__(self, function: Callable[P, R]) -> None:
        self._function = function
        self._made: dict[Hashable, Future[R]] = {}
        self._lock = threading.Lock()
        functools.update_wrapper(self, function)

    def __call__(self, *arguments: P.args, **keywords: P.kwargs) -> R:
        key = (arguments, tuple(sorted(keywords.items())))
        with self._lock:
            mine = key not in self._made
            future = self._made.setdefault(key, Future())
        if mine:
            try:
                future.set_result(self._function(*arguments, **keywords))
            except BaseException as error:
                with self._lock:
                    self._made.pop(key, None)
                future.set_exception(error)
        return future.result()

    def forget(self) -> None:
        """Clear the cache."""
        with self._lock:
            self._made.clear()


def once(function: Callable[P, R]) -> Once[P, R]:
    """Cache all values of a function."""
    return Once(function)
