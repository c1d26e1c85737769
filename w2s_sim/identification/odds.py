"""The law of one demonstration's log-odds, as far as closed forms and sums reach: moments of complex order.

All in float64 NumPy, and in units of the strong model's noise. ell_k = log(p_k / p_*) of one weak
demonstration has the moment m_k(z) = E exp(z ell_k), for regression with Gaussian features
    m_k(z) = sum_j alpha^Q_j (1 + z delta^2 (1 - 2t - z sigma_eff^2))^(-1/2),
for finitely many outcomes a sum over them. Along a line of constant real part it is what the tilted law's
characteristic function is: along Re z = s, m_k(s + iu) / m_k(s) = E_k exp(iu ell_k).
"""

import abc
import dataclasses
from collections.abc import Callable

import numpy as np
from jaxtyping import Float, Inexact

from w2s_sim.identification.gaussian_tilting import GaussianTilt
from w2s_sim.tasks.finite_task import FiniteTask
from w2s_sim.tasks.regression_task import TransferTask

# Logits of a first look, a quarter apart, and how often the best one's neighbourhood is looked at again.
LOGITS = np.linspace(-80.0, 36.0, 465)
CLOSER_LOOKS, CLOSER_POINTS = 9, 17


class OddsLaw(abc.ABC):
    """Joint law of the log-odds ell_k of one demonstration."""

    @abc.abstractmethod
    def log_moment(self, competitor: int, order: Inexact[np.ndarray, "*z"]) -> Inexact[np.ndarray, "*z"]:
        """log m_k(z) in nats; inf at a real order where the moment is infinite."""

    @abc.abstractmethod
    def tilted_pair(self, competitor: int, order: float, other: int) -> "TiltedPair":
        """What the law tilted towards k by a real order in (0, 1) makes of ell_k and of another's ell_j."""

    @abc.abstractmethod
    def step(self, competitor: int, order: float, num_demonstrations: int) -> float | None:
        """A step that a sum over Im z may take along Re z = order; None where there is no lattice to miss."""


@dataclasses.dataclass(frozen=True)
class TiltedPair:
    """First and second moments of (ell_k, ell_j) of one demonstration, in nats, under a tilted law.

    Attributes:
        mean: Of the two.
        covariance: Of the two.
        log_possible: log of the probability that j does not exclude the demonstration, given which the
            moments are.
    """

    mean: Float[np.ndarray, "2"]
    covariance: Float[np.ndarray, "2 2"]
    log_possible: float

    @classmethod
    def of(
        cls,
        weights: Float[np.ndarray, " m"],
        means: Float[np.ndarray, "m 2"],
        seconds: Float[np.ndarray, "m 2 2"],
        total: float | None = None,
    ) -> "TiltedPair":
        """Of a mixture whose parts have these weights, means and second moments."""
        possible = float(weights.sum())
        shares = weights / (possible or 1.0)
        mean = shares @ means
        covariance = np.einsum("m,mab->ab", shares, seconds) - np.outer(mean, mean)
        with np.errstate(divide="ignore"):
            return cls(mean, covariance, float(np.log(possible) - np.log(total or possible)))


def odds_law(task: TransferTask | FiniteTask) -> OddsLaw:
    """The law of a task's log-odds.

    Raises:
        InputError: If features or labels are neither Gaussian nor finite.
    """
    return FiniteOdds.of(task) if isinstance(task, FiniteTask) else GaussianOdds.of(task)


def lowest_point(function: Callable[[np.ndarray, np.ndarray], np.ndarray]) -> tuple[float, float]:
    """Where a convex function on (0, 1) is lowest, and how far from the nearer end that is.

    Args:
        function: Points, and their distances from the nearer end, to values; inf is allowed.
    """

    def place(logits: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        points = 1.0 / (1.0 + np.exp(-logits))
        return points, np.minimum(points, 1.0 / (1.0 + np.exp(logits)))

    logits, best = LOGITS, LOGITS[0]
    for _ in range(CLOSER_LOOKS):
        spacing = logits[1] - logits[0]
        best = logits[np.argmin(function(*place(logits)))]
        logits = np.linspace(best - spacing, best + spacing, CLOSER_POINTS)
    points, edges = place(np.array([best]))
    return float(points[0]), float(edges[0])


def _double(values: object) -> np.ndarray:
    return np.asarray(values, dtype=np.float64)


@dataclasses.dataclass(frozen=True)
class GaussianOdds(OddsLaw):
    """Regression concepts with Gaussian features; j runs over the concepts that are demonstrated.

    Attributes:
        weights: alpha^Q_j.
        differences: Delta_k / sigma.
        shifts: (beta'_j - beta_*) / sigma.
        covariance: Sigma.
        weak_noise: sigma' / sigma.
    """

    weights: Float[np.ndarray, " J"]
    differences: Float[np.ndarray, "K d"]
    shifts: Float[np.ndarray, "J d"]
    covariance: Float[np.ndarray, "d d"]
    weak_noise: float

    @classmethod
    def of(cls, task: TransferTask) -> "GaussianOdds":
        GaussianTilt.require(task)
        noise, weights = float(task.source.noise), _double(task.target_prior)
        vectors, weak = _double(task.source.vectors), _double(task.supervisor.vectors)
        star, shown = vectors[int(task.target_concept)], weights > 0
        return cls(
            weights[shown] / weights.sum(),
            (vectors - star) / noise,
            (weak[shown] - star) / noise,
            _double(task.features.covariance),
            float(task.supervisor.noise) / noise,
        )

    def log_moment(self, competitor: int, order: Inexact[np.ndarray, "*z"]) -> Inexact[np.ndarray, "*z"]:
        difference = self.differences[competitor]
        loading = self.covariance @ difference
        delta_squared = float(difference @ loading)
        overlaps = self.shifts @ loading / (delta_squared or 1.0)
        across = self.shifts - overlaps[:, None] * difference
        variances = self.weak_noise**2 + np.einsum("ji,ik,jk->j", across, self.covariance, across)
        z = np.asarray(order)[..., None]
        excess = z * delta_squared * (1.0 - 2.0 * overlaps - z * variances)
        infinite = np.any((excess.real <= -1.0) & (np.imag(z) == 0.0), axis=-1)
        powers = -0.5 * np.log1p(np.where(infinite[..., None], 0.0, excess))
        # The distance of a mixture from 1 keeps its digits.
        return np.where(infinite, np.inf, np.log1p(np.expm1(powers) @ self.weights))

    def tilted_pair(self, competitor: int, order: float, other: int) -> "TiltedPair":
        # ell_k = w^T F_k w / 2 for w = (zeta_k, zeta_j, e); tilted, w has the covariance (C^-1 - s F_k)^-1.
        forms = np.zeros((2, 3, 3))
        for i in (0, 1):
            forms[i, i, i], forms[i, i, 2], forms[i, 2, i] = -1.0, 1.0, 1.0
        weights, means, seconds = [], [], []
        for weight, shift in zip(self.weights, self.shifts, strict=True):
            rows = np.stack([self.differences[competitor], self.differences[other], shift])
            covariance = rows @ self.covariance @ rows.T
            covariance[2, 2] += self.weak_noise**2
            change = np.eye(3) - order * covariance @ forms[0]
            products = forms @ np.linalg.solve(change, covariance)
            mean = 0.5 * np.trace(products, axis1=1, axis2=2)
            weights.append(weight / np.sqrt(np.linalg.det(change)))
            means.append(mean)
            seconds.append(0.5 * np.einsum("aij,bji->ab", products, products) + np.outer(mean, mean))
        return TiltedPair.of(np.array(weights), np.array(means), np.array(seconds))

    def step(self, competitor: int, order: float, num_demonstrations: int) -> None:
        return None


@dataclasses.dataclass(frozen=True)
class FiniteOdds(OddsLaw):
    """Concepts with finitely many outcomes, those that the weak model shows.

    Attributes:
        weights: q'(o).
        values: ell_k(o) in nats; -inf where k excludes an outcome, inf where k* does.
    """

    weights: Float[np.ndarray, " M"]
    values: Float[np.ndarray, "K M"]

    @classmethod
    def of(cls, task: FiniteTask) -> "FiniteOdds":
        log_laws, weights = _double(task.source.log_outcome_probabilities()), _double(task.weak_law)
        shown = weights > 0
        log_star = log_laws[int(task.target_concept), shown]
        excluded = np.isneginf(log_star)
        values = log_laws[:, shown] - np.where(excluded, 0.0, log_star)
        return cls(weights[shown] / weights.sum(), np.where(excluded, np.inf, values))

    def log_moment(self, competitor: int, order: Inexact[np.ndarray, "*z"]) -> Inexact[np.ndarray, "*z"]:
        z = np.asarray(order)
        values, weights = self._possible(competitor)
        if np.any(np.isposinf(values)):
            return np.full(z.shape, np.inf, dtype=z.dtype)
        if len(values) == 0:
            return np.full(z.shape, -np.inf, dtype=z.dtype)
        # In parts, so that many outcomes need little memory.
        parts = np.array_split(z.reshape(-1), max(1, z.size * len(values) // 2**20))
        return np.concatenate([_log_mean_power(part, values, weights) for part in parts]).reshape(z.shape)

    def tilted_pair(self, competitor: int, order: float, other: int) -> "TiltedPair":
        own, others = self.values[competitor], self.values[other]
        tilted = self.weights * np.exp(order * (own - own.max()))
        possible = (tilted > 0) & ~np.isneginf(others)
        values = np.where(possible, self.values[[competitor, other]], 0.0).T
        seconds = values[:, :, None] * values[:, None, :]
        return TiltedPair.of(np.where(possible, tilted, 0.0), values, seconds, float(tilted.sum()))

    def step(self, competitor: int, order: float, num_demonstrations: int) -> float:
        # The sum over a grid of Im z adds the tilted laws of log-odds that differ by multiples of 2 pi over
        # its step: all but one must lie where there is next to no mass.
        values, weights = self._possible(competitor)
        tilted = weights * np.exp(order * (values - values.max()))
        tilted /= tilted.sum()
        variance = tilted @ (values - tilted @ values) ** 2
        drift = num_demonstrations * abs(float(tilted @ values))
        spread = np.sqrt(num_demonstrations * variance)
        return float(2.0 * np.pi / (8.0 * spread + drift + 20.0 / min(order, 1.0 - order)))

    def _possible(self, competitor: int) -> tuple[Float[np.ndarray, " m"], Float[np.ndarray, " m"]]:
        possible = ~np.isneginf(self.values[competitor])
        return self.values[competitor, possible], self.weights[possible]


def _log_mean_power(z: np.ndarray, values: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """log sum w exp(z v), the largest real part taken out."""
    exponents = z[:, None] * values
    largest = np.real(exponents).max(axis=1)
    with np.errstate(divide="ignore"):
        return largest + np.log(np.exp(exponents - largest[:, None]) @ weights)
