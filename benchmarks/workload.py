"""What a benchmark is: the same work, done by this package and by others."""

import dataclasses
import importlib.util
from collections.abc import Callable
from typing import Any, Literal

import numpy as np

Scale = Literal["tiny", "quick", "full"]
Role = Literal["ours", "peer", "limit"]


@dataclasses.dataclass(frozen=True)
class Answer:
    """What one run of a contender found.

    Attributes:
        mean: Its numbers, such as the mean risk of every student; None if they cannot be compared.
        se: Their standard errors; 0 for numbers that are not random.
        seconds: Time of the run, where it has clocked itself, as a process of its own does.
        extra: Further figures for the record.
    """

    mean: Any
    se: Any = 0.0
    seconds: float | None = None
    extra: dict[str, float] = dataclasses.field(default_factory=dict)


@dataclasses.dataclass(frozen=True)
class Contender:
    """One way to do the work.

    Attributes:
        name: Its name in the tables.
        run: Function of a seed that does the work.
        units: How many units of the work one run does. Slow contenders do fewer, and are compared per unit.
        role: "ours", "peer", or "limit": the part of our work that no code can avoid.
        needs: Module that has to be installed.
        limit_of: Of a limit: the names of the contenders that it limits; for a peer, the ratio is the most
            that any code of ours can reach against it.
        one_thread: Whether BLAS gets one thread, as whoever knows it sets for batches of small matrices:
            its threads otherwise wait for one another, for longer than the work takes.
        elsewhere: Whether other processes do the work, so that this one's processor time says nothing.
    """

    name: str
    run: Callable[[int], Answer]
    units: int
    role: Role = "peer"
    needs: str | None = None
    limit_of: tuple[str, ...] = ()
    one_thread: bool = False
    elsewhere: bool = False

    @property
    def is_there(self) -> bool:
        """Whether the module that it needs is installed."""
        return self.needs is None or importlib.util.find_spec(self.needs) is not None


@dataclasses.dataclass(frozen=True)
class Target:
    """A wanted ratio.

    Attributes:
        ours: Name of our contender.
        other: Name of a peer; of a limit, for the largest ratio of our time to the limit's.
        ratio: The ratio.
        by: Whether of the time for the same work, or for the same standard error.
    """

    ours: str
    other: str
    ratio: float
    by: Literal["work", "error"] = "work"


@dataclasses.dataclass(frozen=True)
class Workload:
    """Some work, and all who do it.

    Attributes:
        name: Name in the tables.
        work: What is computed, in words.
        unit: What a contender's `units` count.
        contenders: Who does it.
        targets: The wanted ratios.
        tolerance: Relative rounding error that the numbers of two contenders may differ by.
        rounds: Number of timed runs of each; None as the caller wants.
        warm: Whether a first run is not counted, as it compiles. Processes of their own compile every time.
    """

    name: str
    work: str
    unit: str
    contenders: tuple[Contender, ...]
    targets: tuple[Target, ...] = ()
    tolerance: float = 1e-4
    rounds: int | None = None
    warm: bool = True


def of_sample(values: np.ndarray) -> Answer:
    """Return the means and standard errors of a sample, whose first axis counts replicates."""
    wide = values.astype(np.float64)
    return Answer(wide.mean(axis=0), wide.std(axis=0, ddof=1) / np.sqrt(len(wide)))


def distance(one: Answer, other: Answer, tolerance: float) -> float:
    """How far two answers are apart, in allowed distances: 5 standard errors and the rounding error."""
    if one.mean is None or other.mean is None:
        return 0.0
    first, second = np.asarray(one.mean, float), np.asarray(other.mean, float)
    size = np.maximum(np.abs(first), np.abs(second))
    allowed = 5.0 * np.hypot(one.se, other.se) + tolerance * size
    return float(np.max(np.abs(first - second) / np.maximum(allowed, 1e-30), initial=0.0))
