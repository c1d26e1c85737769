"""E[r / (1 + r)] of one competitor's odds, by one integral, whatever the law of the odds and however small.

For r > 0 and 0 < c < 1
    r / (1 + r) = (1/2) int r^{c+iu} / sin(pi (c + iu)) du,
so that with rho the prior odds and m the moment of one demonstration's odds
    E[r / (1 + r)] = (1/2) int rho^z m(z)^n / sin(pi z) du,  z = c + iu.
Nothing is left out: neither that n is finite nor that the log-odds may lie on a lattice, which shows as
further peaks of |m(c + iu)| beside the one at u = 0. The integrand is analytic, and the trapezoidal rule
converges geometrically. Proof: theory/identification-rate.md, lemma `odds-by-contour`.
"""

import dataclasses

import numpy as np
from jaxtyping import Float

from w2s_sim.identification.odds import OddsLaw, lowest_point

# |1 / sin(pi z)| has fallen by e^(-pi u): beyond this u there is less than a millionth.
LARGEST_ORDINATE = 5.0
FIRST_NODES, MOST_NODES = 128, 2**20
TOLERANCE = 1e-7
# Of a logarithm of moments, in nats.
ROUNDING = 1e-12


@dataclasses.dataclass(frozen=True)
class PairProbability:
    """E[r / (1 + r)] of one competitor; nan where more nodes are needed than can be afforded.

    Attributes:
        log_value: Its natural logarithm.
        log_smooth: The same from the peak at u = 0 alone, as if log-odds lay on no lattice.
    """

    log_value: float
    log_smooth: float


NO_VALUE = PairProbability(np.nan, np.nan)


def pair_probability(
    law: OddsLaw, competitor: int, log_prior_odds: float, num_demonstrations: int
) -> PairProbability:
    """E[r / (1 + r)] to a relative 1e-6.

    Args:
        law: The law of one demonstration's log-odds.
        competitor: k.
        log_prior_odds: log rho.
        num_demonstrations: n >= 1.
    """
    integrand = _Integrand.of(law, competitor, log_prior_odds, num_demonstrations)
    if not np.isfinite(integrand.log_height):
        # Odds that are always 0, or infinite moments.
        return PairProbability(-np.inf, -np.inf) if integrand.log_height < 0 else NO_VALUE
    nodes, found = integrand.first_nodes(), NO_VALUE
    while nodes <= MOST_NODES:
        finer = integrand.integrals(nodes)
        if abs(np.expm1(finer.log_value - found.log_value)) < TOLERANCE:
            return finer
        nodes, found = 2 * nodes, finer
    return NO_VALUE


@dataclasses.dataclass(frozen=True)
class _Integrand:
    """The integrand along Re z = point, and its height at u = 0.

    Attributes:
        point: c.
        edge: The smaller of c and 1 - c.
        log_height: log of rho^c m(c)^n / sin(pi c).
        log_moment: log m(c).
    """

    law: OddsLaw
    competitor: int
    log_prior_odds: float
    size: int
    point: float
    edge: float
    log_height: float
    log_moment: float

    @classmethod
    def of(cls, law: OddsLaw, competitor: int, log_prior_odds: float, size: int) -> "_Integrand":
        """At the saddle point, or near it: any c gives the same integral."""

        def log_height(points: np.ndarray, edges: np.ndarray) -> np.ndarray:
            log_moments = np.real(law.log_moment(competitor, points))
            return points * log_prior_odds + size * log_moments - np.log(np.sin(np.pi * edges))

        point, edge = lowest_point(log_height)
        height = float(log_height(np.array([point]), np.array([edge]))[0])
        log_moment = float(np.real(law.log_moment(competitor, np.array([point])))[0])
        return cls(law, competitor, log_prior_odds, size, point, edge, height, log_moment)

    def first_nodes(self) -> int:
        """Enough to see every peak, where the law says how narrow they are."""
        step = self.law.step(self.competitor, self.point, self.size)
        return FIRST_NODES if step is None else max(FIRST_NODES, round(LARGEST_ORDINATE / step))

    def integrals(self, nodes: int) -> PairProbability:
        """Sums over u >= 0 of the real part, of which those over u < 0 are the mirror image."""
        if self.law.step(self.competitor, self.point, self.size) is None:
            # Without a lattice there is one peak, and the nodes may crowd around it.
            last = np.arcsinh(LARGEST_ORDINATE / self.edge)
            grid, step = np.linspace(0.0, last, nodes + 1, retstep=True)
            ordinates, weights = self.edge * np.sinh(grid), step * self.edge * np.cosh(grid)
        else:
            ordinates, step = np.linspace(0.0, LARGEST_ORDINATE, nodes + 1, retstep=True)
            weights = np.full(nodes + 1, step)
        weights[0] *= 0.5
        log_ratio = self.law.log_moment(self.competitor, self.point + 1j * ordinates) - self.log_moment
        # sin(pi (c + iu)) / sin(pi c) = cosh(pi u) + i cot(pi c) sinh(pi u).
        side = 1.0 if self.point < 0.5 else -1.0
        cotangent = side / np.tan(np.pi * self.edge)
        angles = np.pi * ordinates
        kernel = np.cosh(angles) + 1j * cotangent * np.sinh(angles)
        with np.errstate(invalid="ignore", under="ignore"):
            values = np.exp(self.size * log_ratio + 1j * ordinates * self.log_prior_odds) / kernel
        terms = weights * np.nan_to_num(values.real)
        return PairProbability(self._log(terms), self._log(terms[: _first_dip(log_ratio.real)]))

    def _log(self, terms: Float[np.ndarray, " n"]) -> float:
        total = terms.sum()
        return float(self.log_height + np.log(total)) if total > 0 else np.nan


def _first_dip(log_ratio: Float[np.ndarray, " n"]) -> int:
    """How many nodes there are up to the first rise of |m(c + iu)|; all of them where it only falls."""
    rises = np.flatnonzero(log_ratio > np.minimum.accumulate(log_ratio) + ROUNDING)
    return int(rises[0]) if len(rises) else len(log_ratio)
