"""The budget of a search."""

import dataclasses
import time


@dataclasses.dataclass
class Purse:
    """Budget in seconds and in points; the search ends when either is used up.

    Attributes:
        seconds: Seconds of search, > 0.
        points: Largest number of points to try at which the statement makes a claim.
        started: Reading of the clock at the start.
        tried: Points tried so far.
    """

    seconds: float
    points: float
    started: float = dataclasses.field(default_factory=time.monotonic)
    tried: int = 0

    @property
    def spent(self) -> float:
        """Share of the budget that is used up."""
        return max((time.monotonic() - self.started) / self.seconds, self.tried / self.points)
