"""The competitors of the intended concept together: what each contributes, and how far two are one.

Competitor k alone contributes E[r_k / (1 + r_k)] to E_n = E[1 - pi_n(k*)]. Together they contribute the sum
of these once their tilted laws have parted, and where two have the same log-odds, as duplicates have, they
are one competitor with the sum of their prior odds. In between, under the law tilted towards k, the odds of
j among the two are r_j / r_k = exp(D), D about normal, and k's part is E[(1 + exp(D))^(s_k - 1)] of what it
contributes alone. A concept that is known but whose mass is not wanted, a bystander, takes its part from k
when it is likely where k is level with k*: E[(1 + r_j)^(-s_k)].
"""

import dataclasses
from collections.abc import Callable

import numpy as np
from jaxtyping import ArrayLike, Bool, Float

from w2s_sim.identification.odds import OddsLaw, lowest_point, odds_law
from w2s_sim.tasks.finite_task import FiniteTask
from w2s_sim.tasks.regression_task import TransferTask

# On the circle that cumulants are read off.
CIRCLE_NODES = 64


# Quadrature of a standard normal.
NORMAL_NODES = np.linspace(-9.0, 9.0, 181)
LOG_NORMAL_WEIGHTS = -0.5 * NORMAL_NODES**2 - np.log(np.sum(np.exp(-0.5 * NORMAL_NODES**2)))


@dataclasses.dataclass(frozen=True)
class Competitors:
    """All competitors whose odds can be both more and less than they were, K' of them, and B bystanders.

    Attributes:
        law: The law of one demonstration's log-odds.
        concepts: Who competes.
        log_prior_odds: log rho_k of these.
        exponents: s_k, the minimiser of m_k(s) over [0, 1].
        log_moments: log m_k(s_k) = -I_k, in nats.
        bystanders: Who else is known, with the log of its prior odds.
    """

    law: OddsLaw
    concepts: list[int]
    log_prior_odds: Float[np.ndarray, " k"]
    exponents: Float[np.ndarray, " k"]
    log_moments: Float[np.ndarray, " k"]
    bystanders: dict[int, float]

    @classmethod
    def of(
        cls, task: TransferTask | FiniteTask, competitors: Bool[ArrayLike, " K"] | None = None
    ) -> "Competitors":
        """Those of a task that holds its intended concept.

        Args:
            task: The transfer task.
            competitors: Whose mass is wanted; all but the intended concept when left out.

        Raises:
            InputError: If features or labels are neither Gaussian nor finite.
        """
        law, star = odds_law(task), int(task.target_concept)
        prior = np.asarray(task.source.prior, dtype=np.float64)
        wanted = np.ones(len(prior), dtype=bool) if competitors is None else np.asarray(competitors)
        known = [k for k in range(len(prior)) if k != star and prior[k] > 0]
        lowest = {k: _lowest_moment(law, k) for k in known if wanted[k]}
        # Odds that are always 0 add nothing.
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
        """log of E_n, or of several versions of it.

        Args:
            size: n.
            log_value: Index of a competitor, and the log of the prior odds that it counts with, to the log
                of what it contributes; nan where it cannot be computed.
        """
        terms = []
        for k, log_odds in enumerate(self.log_prior_odds):
            effective = np.logaddexp.reduce(log_odds + self._log_overlaps(k, size))
            terms.append(log_odds - effective + log_value(k, float(effective)) + self._log_left(k, size))
        # What cannot be computed of one competitor, nan, cannot be computed of all.
        with np.errstate(invalid="ignore"):
            return np.asarray(np.logaddexp.reduce(np.array(terms), axis=0))

    def _log_overlaps(self, index: int, size: float) -> Float[np.ndarray, " k"]:
        """log of the odds that every competitor adds to those of k, as a share of k's."""
        s = float(self.exponents[index])
        found = np.full(len(self.concepts), -np.inf)
        for j, (other, log_odds) in enumerate(zip(self.concepts, self.log_prior_odds, strict=True)):
            if j == index:
                found[j] = 0.0
            elif 0.0 < s < 1.0:
                ratio = float(log_odds - self.log_prior_odds[index])
                log_mean = self._log_mean_power(index, other, size, ratio, s - 1.0)
                # (1 + a)^(s - 1) = E[(1 + exp(D))^(s - 1)], solved for log a without the size of a.
                log_sum = max(0.0, log_mean / (s - 1.0))
                with np.errstate(divide="ignore"):
                    found[j] = log_sum + np.log(-np.expm1(-log_sum))
        return found

    def _log_left(self, index: int, size: float) -> float:
        """log of what bystanders leave of a competitor."""
        s = float(self.exponents[index])
        if not 0.0 < s < 1.0:
            return 0.0
        return sum(self._log_mean_power(index, j, size, odds, -s) for j, odds in self.bystanders.items())

    def _log_mean_power(self, index: int, other: int, size: float, log_odds: float, power: float) -> float:
        """log E[(1 + exp(D))^power], D = log_odds + S_j given S_k = 0, under the law tilted towards k."""
        tilted = self.law.tilted_pair(self.concepts[index], float(self.exponents[index]), other)
        own, mixed, others = tilted.covariance[0, 0], tilted.covariance[0, 1], tilted.covariance[1, 1]
        variance = max(0.0, float(others - mixed**2 / own)) if own > 0 else float(others)
        centre = log_odds + size * float(tilted.mean[1])
        values = np.logaddexp(0.0, centre + np.sqrt(size * variance) * NORMAL_NODES)
        possible = float(np.logaddexp.reduce(LOG_NORMAL_WEIGHTS + power * values))
        # A demonstration that j excludes leaves k alone.
        alone = size * tilted.log_possible
        return float(np.logaddexp(alone + possible, np.log1p(-np.exp(alone)))) if alone < 0 else possible

    def log_expansion(self, index: int, log_odds: float, size: float) -> float:
        """log E[r / (1 + r)] of one competitor with its prefactor, or its Chernoff term if s is at an end.

        Args:
            index: Which.
            log_odds: log of its prior odds.
            size: n.
        """
        s = float(self.exponents[index])
        chernoff = s * log_odds + size * float(self.log_moments[index])
        if s in (0.0, 1.0):
            return chernoff
        variance, third, fourth = self._cumulants(index)
        if not variance > 0:
            # So near to an end that rounding hides how far the log-odds scatter.
            return chernoff
        # Mean and second moment of the density in proportion to exp((1-s) l) / (1 + exp(l)), less log rho.
        mean = np.pi / np.tan(np.pi * s) - log_odds
        second_moment = (np.pi / np.sin(np.pi * s)) ** 2 + mean**2
        correction = (
            -second_moment / (2.0 * variance)
            - third * mean / (2.0 * variance**2)
            + fourth / (8.0 * variance**2)
            - 5.0 * third**2 / (24.0 * variance**3)
        )
        prefactor = np.log(np.pi / np.sin(np.pi * s)) - 0.5 * np.log(2.0 * np.pi * size * variance)
        # exp(a / n) for 1 + a / n: the same to this order, and positive.
        return float(chernoff + prefactor + correction / size)

    def _cumulants(self, index: int) -> tuple[float, float, float]:
        """Variance and next two cumulants of the tilted log-odds: Cauchy's formula on m_k(z) / m_k(s_k)."""
        s = float(self.exponents[index])
        radius = 0.5 * min(s, 1.0 - s)
        # No singularity within twice the radius: the nearest is real, where the moment becomes infinite.
        while np.isinf(self.law.log_moment(self.concepts[index], np.array([s + 2.0 * radius]))).any():
            radius *= 0.5
        circle = np.exp(2j * np.pi * np.arange(CIRCLE_NODES) / CIRCLE_NODES)
        log_ratio = self.law.log_moment(self.concepts[index], s + radius * circle) - self.log_moments[index]
        # The moments of radius times the log-odds, of size one whatever the size of the log-odds.
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
    """s_k and log m_k(s_k)."""
    inner, _ = lowest_point(lambda points, _: np.real(law.log_moment(competitor, points)))
    points = np.array([0.0, 1.0, inner])
    values = np.array([0.0, *np.real(law.log_moment(competitor, points[1:]))])
    best = int(np.argmin(values))
    return float(points[best]), float(values[best])
