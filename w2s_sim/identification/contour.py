"""E[r / (1 + r)] of one competitor by a contour integral, for any law of the odds and any magnitude.

For r > 0 and 0 < c < 1
    r / (1 + r) = (1/2) int r^{c+iu} / sin(pi (c + iu)) du,
so that, with prior odds rho and moment m(z) of one demonstration's odds,
    E[r / (1 + r)] = (1/2) int rho^z m(z)^n / sin(pi z) du,  z = c + iu.
The formula is exact for finite n, and for log-odds on a lattice, which causes further peaks of |m(c + iu)|
besides the peak at u = 0. The integrand is analytic, and the trapezoidal rule
converges geometrically. Proof: theory/identification-rate.md, lemma `odds-by-contour`.
"""

import dataclasses

import numpy as np
from jaxtyping import Float

from w2s_sim.identification.odds import OddsLaw, lowest_point

# |1 / sin(pi z)| decays like e^(-pi u): beyond this u, less than a millionth of the integral is left.
LARGEST_ORDINATE = 5.0
FIRST_NODES, MOST_NODES = 128, 2**20
TOLERANCE = 1e-7
# Rounding error of the logarithm of a moment, in nats.
ROUNDING = 1e-12


@dataclasses.dataclass(frozen=True)
class PairProbability:
    """E[r / (1 + r)] of one competitor; nan if the integral needs more than `MOST_NODES` nodes.

    Attributes:
        log_value: Natural logarithm of the expectation.
        log_smooth: Natural logarithm of the part from the peak at u = 0, as if there were no lattice.
    """

    log_value: float
    log_smooth: float


NO_VALUE = PairProbability(np.nan, np.nan)


def pair_probability(
    law: OddsLaw, competitor: int, log_prior_odds: float, num_demonstrations: int
) -> PairProbability:
    """Compute E[r / (1 + r)] with a relative error of 1e-6.

    Args:
        law: Law of the log-odds of one demonstration.
        competitor: Index k of the competitor.
        log_prior_odds: Log prior odds log rho.
        num_demonstrations: n >= 1.
    """
    integrand = _Integrand.of(law, competitor, log_prior_odds, num_demonstrations)
    if not np.isfinite(integrand.log_height):
        # Either the odds are always 0, or all moments are infinite.
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
    """The integrand on the line Re z = c, and its height at u = 0.

    Attributes:
        point: Real part c.
        edge: Distance min(c, 1 - c) to the nearer pole.
        log_height: log of rho^c m(c)^n / sin(pi c).
        log_moment: Log moment log m(c).
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
        """Place the line at or near the saddle point; every c gives the same integral."""

        def log_height(points: np.ndarray, edges: np.ndarray) -> np.ndarray:
            log_moments = np.real(law.log_moment(competitor, points))
            return points * log_prior_odds + size * log_moments - np.log(np.sin(np.pi * edges))

        point, edge = lowest_point(log_height)
        height = float(log_height(np.array([point]), np.array([edge]))[0])
        log_moment = float(np.real(law.log_moment(competitor, np.array([point])))[0])
        return cls(law, competitor, log_prior_odds, size, point, edge, height, log_moment)

    def first_nodes(self) -> int:
        """Initial number of nodes: enough to resolve every peak, if the law knows their width."""
        step = self.law.step(self.competitor, self.point, self.size)
        return FIRST_NODES if step is None else max(FIRST_NODES, round(LARGEST_ORDINATE / step))

    def integrals(self, nodes: int) -> PairProbability:
        """Trapezoidal sums of the real part over u >= 0; the part u < 0 is the mirror image."""
        if self.law.step(self.competitor, self.point, self.size) is None:
            # Without a lattice there is a single peak, and the nodes can concentrate around it.
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
    """Number of nodes before |m(c + iu)| first increases; all nodes if it only decreases."""
    rises = np.flatnonzero(log_ratio > np.minimum.accumulate(log_ratio) + ROUNDING)
    return int(rises[0]) if len(rises) else len(log_ratio)
