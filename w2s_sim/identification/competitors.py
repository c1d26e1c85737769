"""Misidentification probability with several competitors of the intended concept.

A competitor k alone contributes E[r_k / (1 + r_k)] to E_n = E[1 - pi_n(k*)]. If the tilted laws of the
competitors are well separated, E_n is the sum of these contributions. If two competitors have the same
log-odds, as duplicates do, they act as one competitor with the sum of their prior odds. In between,
r_j / r_k = exp(D) with D approximately normal under the law tilted towards k, and the contribution of k is
multiplied by E[(1 + exp(D))^(s_k - 1)]. A bystander j has positive source prior, but E_n does not count its
posterior mass. If j is likely where r_k = 1, it multiplies the contribution of k by E[(1 + r_j)^(-s_k)] < 1.
"""

import dataclasses
from collections.abc import Callable

import numpy as np
from jaxtyping import ArrayLike, Bool, Float

from w2s_sim.identification.odds import OddsLaw, lowest_point, odds_law
from w2s_sim.tasks.task import ConceptTask

# Nodes on the circle of Cauchy's formula for cumulants.
CIRCLE_NODES = 64


# Quadrature of a standard normal.
NORMAL_NODES = np.linspace(-9.0, 9.0, 181)
LOG_NORMAL_WEIGHTS = -0.5 * NORMAL_NODES**2 - np.log(np.sum(np.exp(-0.5 * NORMAL_NODES**2)))


@dataclasses.dataclass(frozen=True)
class Competitors:
    """The competitors whose odds are not always zero, and the bystanders.

    Attributes:
        law: Law of the log-odds of one demonstration.
        concepts: Indices k of the competitors.
        log_prior_odds: log rho_k of the competitors.
        exponents: s_k, the minimiser of m_k(s) over [0, 1].
        log_moments: log m_k(s_k) = -I_k, in nats.
        bystanders: Log prior odds, by index, of the other concepts with positive source prior.
    """

    law: OddsLaw
    concepts: list[int]
    log_prior_odds: Float[np.ndarray, " k"]
    exponents: Float[np.ndarray, " k"]
    log_moments: Float[np.ndarray, " k"]
    bystanders: dict[int, float]

    @classmethod
    def of(cls, task: ConceptTask, competitors: Bool[ArrayLike, " K"] | None = None) -> "Competitors":
        """Find the competitors of a task whose source prior includes the intended concept.

        Args:
            task: The transfer task.
            competitors: Mask of the concepts whose mass E_n counts; by default all but the intended concept.

        Raises:
            InputError: If features or labels are neither Gaussian nor finite.
        """
        law, star = odds_law(task), int(task.target_concept)
        prior = np.asarray(task.source.prior, dtype=np.float64)
        wanted = np.ones(len(prior), dtype=bool) if competitors is None else np.asarray(competitors)
        known = [k for k in range(len(prior)) if k != star and prior[k] > 0]
        lowest = {k: _lowest_moment(law, k) for k in known if wanted[k]}
        # Competitors whose odds are always 0 contribute nothing.
        concepts = [k for k, (_, value) in lowest.items() if value > -np.inf]
        exponents, log_moments = (np.array([lowest[k][part] for k in concepts]) for part in (0, 1))
        log_odds = {k: float(np.log(prior[k]) - np.log(prior[star])) for k in known}
        bystanders = {k: log_odds[k] for k in known if not wanted[k]}
        return cls(
            law, concepts, np.array([log_odds[k] for k in concepts]), exponents, log_moments, bystanders
        )

    def log_total(
        self, size: float, log_value: Callable[[int, float], Float[np.ndarray, "*v"]]
    ) -> Float[np.ndarray, "*v"]:
        """Log of E_n, or of several versions of E_n.

        Args:
            size: Number of demonstrations n.
            log_value: Function of the index and the effective log prior odds of a competitor that returns the
                log of its contribution, or nan if this cannot be computed.
        """
        terms = []
        for k, log_odds in enumerate(self.log_prior_odds):
            effective = np.logaddexp.reduce(log_odds + self._log_overlaps(k, size))
            terms.append(log_odds - effective + log_value(k, float(effective)) + self._log_left(k, size))
        # A nan contribution of one competitor makes the total nan.
        with np.errstate(invalid="ignore"):
            return np.asarray(np.logaddexp.reduce(np.array(terms), axis=0))

    def _log_overlaps(self, index: int, size: float) -> Float[np.ndarray, " k"]:
        """Log of the odds that every competitor adds to the odds of k, relative to the odds of k."""
        s = float(self.exponents[index])
        found = np.full(len(self.concepts), -np.inf)
        for j, (other, log_odds) in enumerate(zip(self.concepts, self.log_prior_odds, strict=True)):
            if j == index:
                found[j] = 0.0
            elif 0.0 < s < 1.0:
                ratio = float(log_odds - self.log_prior_odds[index])
                log_mean = self._log_mean_power(index, other, size, ratio, s - 1.0)
                # Solve (1 + a)^(s - 1) = E[(1 + exp(D))^(s - 1)] for log a; a itself can overflow.
                log_sum = max(0.0, log_mean / (s - 1.0))
                with np.errstate(divide="ignore"):
                    found[j] = log_sum + np.log(-np.expm1(-log_sum))
        return found

    def _log_left(self, index: int, size: float) -> float:
        """Log of the factor by which the bystanders reduce the contribution of a competitor."""
        s = float(self.exponents[index])
        if not 0.0 < s < 1.0:
            return 0.0
        return sum(self._log_mean_power(index, j, size, odds, -s) for j, odds in self.bystanders.items())

    def _log_mean_power(self, index: int, other: int, size: float, log_odds: float, power: float) -> float:
        """Log of E[(1 + exp(D))^power], D = log_odds + S_j given S_k = 0, under the law tilted towards k."""
        tilted = self.law.tilted_pair(self.concepts[index], float(self.exponents[index]), other)
        own, mixed, others = tilted.covariance[0, 0], tilted.covariance[0, 1], tilted.covariance[1, 1]
        variance = max(0.0, float(others - mixed**2 / own)) if own > 0 else float(others)
        centre = log_odds + size * float(tilted.mean[1])
        values = np.logaddexp(0.0, centre + np.sqrt(size * variance) * NORMAL_NODES)
        possible = float(np.logaddexp.reduce(LOG_NORMAL_WEIGHTS + power * values))
        # If j excludes a demonstration, only k remains.
        alone = size * tilted.log_possible
        return float(np.logaddexp(alone + possible, np.log1p(-np.exp(alone)))) if alone < 0 else possible

    def log_expansion(self, index: int, log_odds: float, size: float) -> float:
        """Log of E[r / (1 + r)] of one competitor by its expansion; the Chernoff term if s_k is 0 or 1.

        Args:
            index: Index of the competitor.
            log_odds: Log of its prior odds.
            size: Number of demonstrations n.
        """
        s = float(self.exponents[index])
        chernoff = s * log_odds + size * float(self.log_moments[index])
        if s in (0.0, 1.0):
            return chernoff
        variance, third, fourth = self._cumulants(index)
        if not variance > 0:
            # s is so close to an end that rounding hides the variance of the log-odds.
            return chernoff
        # Mean and second moment of l - log rho under the density proportional to exp((1-s) l) / (1 + exp(l)).
        mean = np.pi / np.tan(np.pi * s) - log_odds
        second_moment = (np.pi / np.sin(np.pi * s)) ** 2 + mean**2
        correction = (
            -second_moment / (2.0 * variance)
            - third * mean / (2.0 * variance**2)
            + fourth / (8.0 * variance**2)
            - 5.0 * third**2 / (24.0 * variance**3)
        )
        prefactor = np.log(np.pi / np.sin(np.pi * s)) - 0.5 * np.log(2.0 * np.pi * size * variance)
        # exp(a / n) replaces 1 + a / n: equal to this order, and always positive.
        return float(chernoff + prefactor + correction / size)

    def _cumulants(self, index: int) -> tuple[float, float, float]:
        """Cumulants 2 to 4 of the tilted log-odds, by Cauchy's formula for m_k(z) / m_k(s_k)."""
        s = float(self.exponents[index])
        radius = 0.5 * min(s, 1.0 - s)
        # Keep singularities outside twice the radius: the nearest is real, where the moment becomes infinite.
        while np.isinf(self.law.log_moment(self.concepts[index], np.array([s + 2.0 * radius]))).any():
            radius *= 0.5
        circle = np.exp(2j * np.pi * np.arange(CIRCLE_NODES) / CIRCLE_NODES)
        log_ratio = self.law.log_moment(self.concepts[index], s + radius * circle) - self.log_moments[index]
        # Moments of radius times the log-odds, which are of order one for log-odds of any size.
        distances = np.expm1(log_ratio)
        first, second, third, fourth = (
            factorial * float(np.mean(distances * circle**-order).real)
            for order, factorial in ((1, 1), (2, 2), (3, 6), (4, 24))
        )
        variance = second - first**2
        skewness = third - 3.0 * second * first + 2.0 * first**3
        kurtosis = fourth - 4.0 * third * first - 3.0 * second**2 + 12.0 * second * first**2 - 6.0 * first**4
        return variance / radius**2, skewness / radius**3, kurtosis / radius**4


def _lowest_moment(law: OddsLaw, competitor: int) -> tuple[float, float]:
    """Minimiser s_k of m_k(s) over [0, 1], and log m_k(s_k)."""
    inner, _ = lowest_point(lambda points, _: np.real(law.log_moment(competitor, points)))
    points = np.array([0.0, 1.0, inner])
    values = np.array([0.0, *np.real(law.log_moment(competitor, points[1:]))])
    best = int(np.argmin(values))
    return float(points[best]), float(values[best])
