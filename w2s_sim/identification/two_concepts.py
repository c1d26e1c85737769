"""The exact misidentification probability of two concepts, as a two-dimensional integral.

With Delta = beta_k - beta_* and zeta_i = Delta^T x_i, let V = sum_i zeta_i^2, which is delta^2 chi^2_n. Given
the zeta_i, the residuals y'_i - beta_*^T x_i are independent normals of mean (c/delta^2) zeta_i and variance
sigma_eff^2 = q - c^2/delta^2. Therefore the log-odds of the wrong concept are normal given V:
    log r | V ~ N(log(alpha^P_k/alpha^P_*) - V (1 - 2 c/delta^2) / (2 sigma^2),  V sigma_eff^2 / sigma^4).
The probability is E[1/(1 + 1/r)] over u = log(V/delta^2) and a standard normal z. The computation uses
logarithms in float64 and places nodes where the integrand is large, also far in the tail. Given u, the
integrand is log-concave in z with curvature at least one, so an interval of half-width sqrt(2 REACH) around
its maximum z_u is wide enough.
"""

import dataclasses

import numpy as np
from jaxtyping import Float
from scipy.special import expit, gammaln, logsumexp

from w2s_sim._checks import require_count
from w2s_sim.errors import InputError
from w2s_sim.identification.moments import has_gaussian_moments
from w2s_sim.tasks.regression_task import TransferTask

# The nodes cover the region where the integrand is within this many nats of its maximum.
REACH = 40.0
# Bisection steps for a maximum, which only places the nodes and need not be exact.
BISECTIONS = 60
FIRST_NODES = 64
MOST_NODES = 8192
TOLERANCE = 1e-9


@dataclasses.dataclass(frozen=True)
class TwoConceptProbability:
    """Value and convergence of E[1 - pi_n(k*)] for two concepts.

    Attributes:
        log_value: Natural logarithm of the probability.
        relative_change: Relative change of the probability when the nodes per axis were last doubled.
        nodes: Final number of nodes per axis.
    """

    log_value: float
    relative_change: float
    nodes: int


def misidentification_of_two_concepts(task: TransferTask, num_demonstrations: int) -> TwoConceptProbability:
    """Compute E[1 - pi_n(k*)] for K = 2, a point-mass target and Gaussian features, to a relative 1e-9.

    The nodes are doubled until the relative change is below 1e-9. The trapezoidal rule converges
    geometrically for a smooth integrand that decays on both sides.

    Args:
        task: A task with two concepts and any weak model.
        num_demonstrations: n >= 1.

    Raises:
        InputError: If the task does not meet these conditions, its two concepts are equal, or the weak labels
            are a function of Delta^T x (sigma_eff = 0).
    """
    require_count("num_demonstrations", num_demonstrations, 1)
    integrand = _LogIntegrand.of(task, num_demonstrations)
    low, high = integrand.range_of_u()
    value, change, nodes = integrand.integral(low, high, FIRST_NODES), np.inf, FIRST_NODES
    while change > TOLERANCE:
        nodes *= 2
        if nodes > MOST_NODES:
            raise InputError(
                "task", f"a change of {change:.2g} at {MOST_NODES} nodes", "a smoother integrand"
            )
        finer = integrand.integral(low, high, nodes)
        value, change = finer, abs(np.expm1(finer - value))
    return TwoConceptProbability(value, float(change), nodes)


@dataclasses.dataclass(frozen=True)
class _LogIntegrand:
    """Log integrand: joint density of u = log(V/delta^2) and z, times 1/(1 + exp(-log r)).

    Attributes:
        size: Number of demonstrations n.
        log_prior_odds: Log prior odds log(alpha^P_k / alpha^P_*).
        drift: Change -(delta^2 - 2c) / (2 sigma^2) of the mean of log r per unit of V/delta^2.
        diffusion: Variance delta^2 sigma_eff^2 / sigma^4 of log r per unit of V/delta^2.
    """

    size: int
    log_prior_odds: float
    drift: float
    diffusion: float

    @classmethod
    def of(cls, task: TransferTask, size: int) -> "_LogIntegrand":
        if task.num_concepts != 2:
            raise InputError("num_concepts", task.num_concepts, "2")
        if not has_gaussian_moments(task):
            raise InputError("features", type(task.features).__name__, "Gaussian features")
        if not task.has_point_mass_target:
            raise InputError("target_prior", np.asarray(task.target_prior), "all weight on one concept")
        star = int(task.target_concept)
        vectors, weak, prior, covariance = (
            np.asarray(leaf, dtype=np.float64)
            for leaf in (
                task.source.vectors,
                task.supervisor.vectors,
                task.source.prior,
                task.features.covariance,
            )
        )
        if prior.min() <= 0:
            raise InputError("source_prior", prior, "two positive weights")
        variance, weak_variance = float(task.source.noise) ** 2, float(task.supervisor.noise) ** 2
        difference, shift = vectors[1 - star] - vectors[star], weak[star] - vectors[star]
        delta_squared = float(difference @ covariance @ difference)
        overlap = float(shift @ covariance @ difference)
        spread = weak_variance + float(shift @ covariance @ shift)
        product = delta_squared * spread - overlap**2
        if not product > 1e-12 * delta_squared * spread:
            raise InputError("task", f"delta^2 sigma_eff^2 = {product:.3g}", "a number > 0")
        return cls(
            size=size,
            log_prior_odds=float(np.log(prior[1 - star] / prior[star])),
            drift=-(delta_squared - 2.0 * overlap) / (2.0 * variance),
            diffusion=product / variance**2,
        )

    def __call__(self, u: Float[np.ndarray, "u 1"], steps: Float[np.ndarray, " z"]) -> np.ndarray:
        """Evaluate the log integrand at z = z_u + steps, one row per u."""
        half = 0.5 * self.size
        log_density_u = half * u - 0.5 * np.exp(u) - half * np.log(2.0) - gammaln(half)
        mean, deviation = self._log_odds(u)
        z = self._peak(mean, deviation) + steps
        log_normal = -0.5 * (z**2 + np.log(2.0 * np.pi))
        return log_density_u + log_normal - np.logaddexp(0.0, -(mean + deviation * z))

    def _log_odds(self, u: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Mean and standard deviation of log r given u."""
        spread = np.exp(u)
        return self.log_prior_odds + self.drift * spread, np.sqrt(self.diffusion * spread)

    def _peak(self, mean: np.ndarray, deviation: np.ndarray) -> np.ndarray:
        """Maximum z_u: the root of z = deviation (1 - expit(mean + deviation z)) in [0, deviation]."""
        low, high = np.zeros_like(deviation), deviation
        for _ in range(BISECTIONS):
            middle = 0.5 * (low + high)
            below = middle < deviation * expit(-(mean + deviation * middle))
            low, high = np.where(below, middle, low), np.where(below, high, middle)
        return 0.5 * (low + high)

    def range_of_u(self) -> tuple[float, float]:
        """Range of u where the maximum over z is at least exp(-REACH) times the global maximum."""
        # The density of u decays like exp(n u / 2) on the left and like exp(-exp(u) / 2) on the right.
        left = np.log(self.size) - 4.0 - 4.0 * (REACH + abs(self.log_prior_odds)) / self.size
        grid = np.linspace(left, np.log(self.size + 8.0 * REACH) + 2.0, 4001)
        profile = self(grid[:, None], np.zeros(1))[:, 0]
        inside = np.flatnonzero(profile > profile.max() - REACH)
        return float(grid[max(inside[0] - 1, 0)]), float(grid[min(inside[-1] + 1, len(grid) - 1)])

    def integral(self, low: float, high: float, nodes: int) -> float:
        """Log of the integral by the trapezoidal rule with `nodes` nodes per axis."""
        width = np.sqrt(2.0 * REACH)
        u, step_u = np.linspace(low, high, nodes, retstep=True)
        steps, step_z = np.linspace(-width, width, nodes, retstep=True)
        # Split into parts to limit memory for a fine grid.
        parts = np.array_split(u, max(1, nodes // 256))
        rows = [logsumexp(self(part[:, None], steps)) for part in parts]
        return float(logsumexp(rows) + np.log(step_u) + np.log(step_z))
