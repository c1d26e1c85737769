"""Fixtures shared by all tests."""

from collections.abc import Callable, Iterator

import jax
import numpy as np
import pytest
from numpy.typing import ArrayLike


@pytest.fixture
def x64() -> Iterator[None]:
    """Double precision for one test, so that closed forms can be compared to 1e-10."""
    with jax.enable_x64(True):
        yield


@pytest.fixture
def standard_errors_off() -> Callable[[ArrayLike, ArrayLike], float]:
    """How far the mean of independent draws (first axis) is from `expected`: the worst coordinate."""

    def distance(draws: ArrayLike, expected: ArrayLike) -> float:
        sample = np.asarray(draws, dtype=np.float64)
        error = np.abs(sample.mean(axis=0) - np.asarray(expected, dtype=np.float64))
        standard_error = sample.std(axis=0, ddof=1) / np.sqrt(sample.shape[0])
        # A constant sample has no standard error: float32 rounding is all that it may be off by.
        return float(np.max(error / np.maximum(standard_error, 1e-6)))

    return distance
