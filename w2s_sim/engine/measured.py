"""Measured quantities: pure functions of a key and a case, in one step or in two."""

import dataclasses
import math
from collections.abc import Callable
from typing import Any, Protocol, runtime_checkable

import jax
from jaxtyping import Array, ArrayLike, Float, Key

from w2s_sim.tasks.sampling import Sampling
from w2s_sim.tasks.task import WeakData

# One replicate of a measured quantity: a scalar or a vector (r,), from a key and a case.
Measure = Callable[[Key[Array, ""], Any], Float[Array, "*r"]]
Support = tuple[ArrayLike, ArrayLike]
# The support of a quantity without known bounds.
UNBOUNDED: Support = (-math.inf, math.inf)


@runtime_checkable
class DrawsWeakData(Protocol):
    """A case whose weak data are drawn by a `Sampling`."""

    @property
    def sampling(self) -> Sampling: ...


def unbounded(case: Any) -> Support:
    """Return the range (-inf, inf), for a quantity without known bounds."""
    return UNBOUNDED


def nonnegative(case: Any) -> Support:
    """Return the range [0, inf), for a square, a norm or a distance."""
    return 0.0, math.inf


@dataclasses.dataclass(frozen=True)
class FromWeakData:
    """A measured quantity in two steps: draw the weak data, then evaluate a function of the data.

    A caller can use it like any other function of (key, case). The two steps let the engine compile the
    drawing once for all cases that draw alike.

    Attributes:
        evaluate: Pure function of (key, data, case) to a scalar or a vector (r,); the key is independent of
            the data.
        support: Range [low, high] of the values of `evaluate`, for a case; see `Statement.support`.
    """

    evaluate: Callable[[Key[Array, ""], WeakData, Any], Float[Array, "*r"]]
    support: Callable[[Any], Support] = unbounded

    def __call__(self, key: Key[Array, ""], case: DrawsWeakData) -> Float[Array, "*r"]:
        own_key, data = draw(key, case.sampling)
        return self.evaluate(own_key, data, case)


def draw(key: Key[Array, ""], sampling: Sampling) -> tuple[Key[Array, ""], WeakData]:
    """The first step of a replicate: the key of the second step, and the weak data.

    Every replicate that draws weak data splits its key here, into the key of the data and its own key.
    """
    data_key, own_key = jax.random.split(key)
    return own_key, sampling.draw(key=data_key)
