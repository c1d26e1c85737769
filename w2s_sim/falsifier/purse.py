"""What a search may spend."""

import dataclasses
import time


@dataclasses.dataclass
class Purse:
    """Seconds or points, whichever is used up first.

    Attributes:
        seconds: Of search, > 0.
        points: Most points where a statement makes a claim that are tried.
        started: Reading of the clock at the start.
        tried: Points tried so far.
    """

    seconds: float
    points: float
    started: float = dataclasses.field(default_factory=time.monotonic)
    tried: int = 0

    @property
    def spent(self) -> float:
        """Share that is used up."""
        return max((time.monotonic() - self.started) / self.seconds, self.tried / self.points)
