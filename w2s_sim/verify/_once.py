"""A cache for threads: each value is made once, and whoever asks meanwhile waits for it."""

import functools
import threading
from collections.abc import Callable, Hashable
from concurrent.futures import Future
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")


def once(function: Callable[P, R]) -> Callable[P, R]:
    """Keep every value of a function of hashable arguments; different ones are made side by side.

    A value that could not be made is not kept: the next caller tries again.
    """
    made: dict[Hashable, Future[R]] = {}
    lock = threading.Lock()

    @functools.wraps(function)
    def wrapper(*arguments: P.args, **keywords: P.kwargs) -> R:
        key = (arguments, tuple(sorted(keywords.items())))
        with lock:
            mine = key not in made
            future = made.setdefault(key, Future())
        if mine:
            try:
                future.set_result(function(*arguments, **keywords))
            except BaseException as error:
                with lock:
                    del made[key]
                future.set_exception(error)
        return future.result()

    return wrapper
