"""Running means and standard errors of replicates, the same to the bit however the replicates are split."""

import math
from collections.abc import Iterator, Sequence

import numpy as np
from jaxtyping import Float

from w2s_sim.rounding import FEW_OPERATIONS

# Rows per summation block. Sums run over blocks of this size, whatever the sizes of the stored parts.
BLOCK = 2**16


class RunningMoments:
    """Counts, means and standard errors of the columns of replicates, updated block by block.

    nan values are ignored; infinite values are counted separately.

    Args:
        width: Number of columns r.
    """

    def __init__(self, width: int) -> None:
        self.finite = np.zeros(width, dtype=np.int64)
        self.infinite = np.zeros(width, dtype=np.int64)
        self._mean = np.zeros(width)
        self._squares, self._cubes, self._fourths = np.zeros(width), np.zeros(width), np.zeros(width)

    def add(self, values: Float[np.ndarray, "n r"]) -> None:
        """Update with one block of rows."""
        for column in range(values.shape[1]):
            mine = values[:, column]
            finite = mine[np.isfinite(mine)]
            self.infinite[column] += np.count_nonzero(np.isinf(mine))
            if not len(finite):
                continue
            # Chan, Golub & LeVeque 1983, and Pebay 2008 for the higher powers: central sums of powers of the
            # union of two sets.
            before, size = float(self.finite[column]), float(len(finite))
            total = before + size
            mean = finite.mean()
            shift = mean - self._mean[column]
            squares, cubes, fourths = (np.sum((finite - mean) ** power) for power in (2, 3, 4))
            if before:
                step = shift / total
                older, oldest = self._squares[column], self._cubes[column]
                fourths += shift * step**3 * before * size * (before**2 - before * size + size**2)
                fourths += 6.0 * step**2 * (before**2 * squares + size**2 * older)
                fourths += 4.0 * step * (before * cubes - size * oldest)
                cubes += shift * step**2 * before * size * (before - size)
                cubes += 3.0 * step * (before * squares - size * older)
                squares += shift * step * before * size
            self._squares[column] += squares
            self._cubes[column] += cubes
            self._fourths[column] += fourths
            self._mean[column] += shift * size / total
            self.finite[column] += len(finite)

    def mean(self, column: int) -> float:
        """Return the mean of the finite values; nan if there are none."""
        return float(self._mean[column]) if self.finite[column] else math.nan

    def standard_error(self, column: int) -> float:
        """Return the Monte Carlo standard error of the mean; nan for fewer than two values."""
        count = int(self.finite[column])
        return math.sqrt(float(self._squares[column]) / (count - 1) / count) if count > 1 else math.nan

    def effective_number(self, column: int) -> float:
        """Return how many values carry the variance, as `w2s_sim.verify.information.effective_number`."""
        squares, count = float(self._squares[column]), int(self.finite[column])
        if not count or math.sqrt(squares / count) <= FEW_OPERATIONS * abs(float(self._mean[column])):
            return 0.0
        return squares**2 / float(self._fourths[column])


def in_blocks(
    pieces: Iterator[Float[np.ndarray, "n r"]], size: int = BLOCK
) -> Iterator[Float[np.ndarray, "n r"]]:
    """Yield the rows of all pieces in blocks of one size; the last block may be shorter."""
    held: list[np.ndarray] = []
    count = 0
    for piece in pieces:
        held.append(piece)
        count += len(piece)
        while count >= size:
            rows = _joined(held)
            yield rows[:size]
            held, count = [rows[size:]], count - size
    if count:
        yield _joined(held)


def _joined(pieces: Sequence[np.ndarray]) -> np.ndarray:
    return pieces[0] if len(pieces) == 1 else np.concatenate(pieces)
