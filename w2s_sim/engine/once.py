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

    A failure is not cached: the next call computes the value again. Of more than `most` values, the ones
    asked for last are kept.
    """

    def __init__(self, function: Callable[P, R], most: int) -> None:
        self._function, self._most = function, most
        self._made: dict[Hashable, Future[R]] = {}
        self._lock = threading.Lock()
        functools.update_wrapper(self, function)

    def __call__(self, *arguments: P.args, **keywords: P.kwargs) -> R:
        key = (arguments, tuple(sorted(keywords.items())))
        with self._lock:
            mine = key not in self._made
            # Moved to the end: the first of the values is the one that was not asked for the longest.
            future = self._made[key] = self._made.pop(key, None) or Future()
            while len(self._made) > self._most:
                del self._made[next(iter(self._made))]
        if mine:
            try:
                future.set_result(self._function(*arguments, **keywords))
            except BaseException as error:
                with self._lock:
                    if self._made.get(key) is future:
                        del self._made[key]
                future.set_exception(error)
        return future.result()

    def forget(self) -> None:
        """Clear the cache."""
        with self._lock:
            self._made.clear()


def once(most: int) -> Callable[[Callable[P, R]], Once[P, R]]:
    """Cache the values of a function, as many as `most`."""
    return lambda function: Once(function, most)
