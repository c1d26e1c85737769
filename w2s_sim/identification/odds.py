"""The law of the log-odds of one demonstration: moments of complex order, in closed form or as finite sums.

All computations use float64 NumPy and units of the strong model's noise. The log-odds ell_k = log(p_k / p_*)
of one weak demonstration have the moment m_k(z) = E exp(z ell_k). For regression with Gaussian features
    m_k(z) = sum_j alpha^Q_j (1 + z delta^2 (1 - 2t - z sigma_eff^2))^(-1/2);
for finitely many outcomes the moment is a finite sum. On the line Re z = s, the moment gives the
characteristic function of the tilted law: m_k(s + iu) / m_k(s) = E_k exp(iu ell_k).
"""

import abc
import dataclasses
from collections.abc import Callable
from functools import singledispatch

import numpy as np
from jaxtyping import Float, Inexact

from w2s_sim.errors import InputError
from w2s_sim.identification.gaussian_tilting import GaussianTilt
from w2s_sim.tasks.finite_task import FiniteTask
from w2s_sim.tasks.regression_task import TransferTask
from w2s_sim.tasks.task import ConceptTask

# First grid of logits, with spacing 1/4, and the number and size of the refinements around the best logit.
LOGITS = np.linspace(-80.0, 36.0, 465)
CLOSER_LOOKS, CLOSER_POINTS = 9, 17


class OddsLaw(abc.ABC):
    """Joint law of the log-odds ell_k of one demonstration, over all competitors k."""

    @abc.abstractmethod
    def log_moment(self, competitor: int, order: Inexact[np.ndarray, "*z"]) -> Inexact[np.ndarray, "*z"]:
        """Log moment log m_k(z) in nats; inf at a real order z where the moment is infinite."""

    @abc.abstractmethod
    def tilted_pair(self, competitor: int, order: float, other: int) -> "TiltedPair":
        """Moments of (ell_k, ell_j) under the law tilted towards k by a real order in (0, 1)."""

    @abc.abstractmethod
    def step(self, competitor: int, order: float, num_demonstrations: int) -> float | None:
        """Step in Im z that resolves all peaks along Re z = order; None if no lattice can cause peaks."""


@dataclasses.dataclass(frozen=True)
class TiltedPair:
    """First and second moments of (ell_k, ell_j) of one demonstration, in nats, under a tilted law.

    Attributes:
        mean: Mean of the pair.
        covariance: Covariance of the pair.
        log_possible: Log probability that j does not exclude the demonstration; the moments are conditional
            on this event.
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
        """Compute the moments of a mixture from the weights, means and second moments of its components."""
        possible = float(weights.sum())
        shares = weights / (possible or 1.0)
        mean = shares @ means
        covariance = np.einsum("m,mab->ab", shares, seconds) - np.outer(mean, mean)
        with np.errstate(divide="ignore"):
            return cls(mean, covariance, float(np.log(possible) - np.log(total or possible)))


@singledispatch
def odds_law(task: ConceptTask) -> OddsLaw:
    """Return the law of the log-odds of a task; `@odds_law.register(MyTask)` adds that of another kind.

    Raises:
        InputError: If features or labels are neither Gaussian nor finite, and no law is registered.
    """
    raise InputError("task", type(task).__name__, "a task with a registered law of the log-odds")


def lowest_point(function: Callable[[np.ndarray, np.ndarray], np.ndarray]) -> tuple[float, float]:
    """Minimiser of a convex function on (0, 1), and its distance to the nearer end.

    Args:
        function: Maps points and their distances to the nearer end to values; inf is allowed.
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
    """Log-odds of regression concepts with Gaussian features; j runs over the demonstrated concepts.

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
        # expm1 and log1p keep the precision of moments near 1.
        return np.where(infinite, np.inf, np.log1p(np.expm1(powers) @ self.weights))

    def tilted_pair(self, competitor: int, order: float, other: int) -> "TiltedPair":
        # ell_k = w^T F_k w / 2, w = (zeta_k, zeta_j, e); under the tilt w has covariance (C^-1 - s F_k)^-1.
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
    """Log-odds of concepts with finitely many outcomes, for the outcomes that the weak model shows.

    Attributes:
        weights: Probability q'(o) of every outcome.
        values: Log-odds ell_k(o) in nats; -inf if k excludes the outcome, inf if k* excludes it.
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
        # Split into parts to limit memory for many outcomes.
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
        # A sum over a grid of Im z aliases log-odds that differ by multiples of 2 pi / step: all aliases but
        # one must have negligible mass under the tilted law.
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
    """Log of sum w exp(z v), computed relative to the largest real part."""
    exponents = z[:, None] * values
    largest = np.real(exponents).max(axis=1)
    with np.errstate(divide="ignore"):
        return largest + np.log(np.exp(exponents - largest[:, None]) @ weights)


odds_law.register(TransferTask)(GaussianOdds.of)
odds_law.register(FiniteTask)(FiniteOdds.of)
