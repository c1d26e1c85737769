"""Means and standard errors of replicates that come in pieces, the same to the bit however they are cut."""

import math
from collections.abc import Iterator, Sequence

import numpy as np
from jaxtyping import Float

from w2s_sim.rounding import FEW_OPERATIONS

# Rows that are added up at once. Sums run over blocks of this size, whatever the parts they were kept in.
BLOCK = 2**16


class RunningMoments:
    """Counts, means and standard errors of the columns of replicates, added block by block.

    What is not a number does not count; infinite values are counted apart.

    Args:
        width: Number of columns r.
    """

    def __init__(self, width: int) -> None:
        self.finite = np.zeros(width, dtype=np.int64)
        self.infinite = np.zeros(width, dtype=np.int64)
        self._mean = np.zeros(width)
        self._squares, self._cubes, self._fourths = np.zeros(width), np.zeros(width), np.zeros(width)

    def add(self, values: Float[np.ndarray, "n r"]) -> None:
        """One more block."""
        for column in range(values.shape[1]):
            mine = values[:, column]
            finite = mine[np.isfinite(mine)]
            self.infinite[column] += np.count_nonzero(np.isinf(mine))
            if not len(finite):
                continue
            # Chan, Golub & LeVeque 1983, and Pebay 2008 for higher powers: sums of powers about the mean, of
            # two sets together.
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
        """Mean of the finite values; nan without one."""
        return float(self._mean[column]) if self.finite[column] else math.nan

    def standard_error(self, column: int) -> float:
        """Monte Carlo standard error of that mean; nan with fewer than two."""
        count = int(self.finite[column])
        return math.sqrt(float(self._squares[column]) / (count - 1) / count) if count > 1 else math.nan

    def effective_number(self, column: int) -> float:
        """How many values share the spread: `w2s_sim.verify.information.effective_number` of them."""
        squares, count = float(self._squares[column]), int(self.finite[column])
        if not count or math.sqrt(squares / count) <= FEW_OPERATIONS * abs(float(self._mean[column])):
            return 0.0
        return squares**2 / float(self._fourths[column])


def in_blocks(
    pieces: Iterator[Float[np.ndarray, "n r"]], size: int = BLOCK
) -> Iterator[Float[np.ndarray, "n r"]]:
    """The rows of all pieces in blocks of one size, the last one shorter."""
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
