"""Log-odds on a lattice: the prefactor of the misidentification probability oscillates with n.

If ell_k takes values in a + lambda Z, then S = sum_i ell_k(i) takes values in n a + lambda Z. The prefactor
is a sum over these points, in place of the integral for log-odds with a density. The points shift with n, so
the sum does not converge. Proof: theory/identification-rate.md, lemma `lattice-prefactor`; after Petrov 1975
(Sums of Independent Random Variables, chapter VII).
"""

import dataclasses

import numpy as np
from jaxtyping import Float

from w2s_sim.errors import InputError
from w2s_sim.identification.odds import FiniteOdds, lowest_point
from w2s_sim.tasks.finite_task import FiniteTask

# Differences of log-odds below this share of the largest difference count as zero.
ROUNDING = 1e-5
# Lattice points where the kernel is this many nats below its scale are omitted.
REACH = 40.0


@dataclasses.dataclass(frozen=True)
class LatticeOdds:
    """Log-odds of the only competitor under the tilt at which their mean is zero.

    Attributes:
        span: Lattice spacing lambda, in nats.
        offset: Smallest value a, in nats.
        exponent: Tilt s in (0, 1).
        log_moment: Log moment log m(s) = -I.
        log_prior_odds: Log prior odds log rho.
        cumulants: Second, third and fourth cumulant under the tilt.
    """

    span: float
    offset: float
    exponent: float
    log_moment: float
    log_prior_odds: float
    cumulants: tuple[float, float, float]

    @classmethod
    def of(cls, task: FiniteTask) -> "LatticeOdds":
        """Compute the log-odds of a task with two concepts that exclude no outcome.

        Raises:
            InputError: If the task does not have two concepts, or its log-odds do not lie on a lattice.
        """
        if task.num_concepts != 2:
            raise InputError("num_concepts", task.num_concepts, "2")
        law, star = FiniteOdds.of(task), int(task.target_concept)
        values = law.values[1 - star]
        if not np.all(np.isfinite(values)):
            raise InputError("task", "an outcome that one concept excludes", "log-odds on a lattice")
        s, _ = lowest_point(lambda points, _: np.real(law.log_moment(1 - star, points)))
        log_moment = float(np.real(law.log_moment(1 - star, np.array([s])))[0])
        tilted = law.weights * np.exp(s * values - log_moment)
        second, third, fourth = (float(tilted @ values**power) for power in (2, 3, 4))
        prior = np.asarray(task.source.prior, dtype=np.float64)
        log_odds = float(np.log(prior[1 - star] / prior[star]))
        cumulants = (second, third, fourth - 3.0 * second**2)
        return cls(_span(values), float(values.min()), s, log_moment, log_odds, cumulants)

    @property
    def amplitude(self) -> float:
        """Relative amplitude of the first harmonic of the prefactor, around the prefactor of a smooth law."""
        angle = np.pi * self.exponent
        return float(2.0 * np.sin(angle) / abs(np.sin(angle - 2j * np.pi**2 / self.span)))

    def log_misidentification(self, num_demonstrations: int) -> float:
        """Log of E[1 - pi_n(k*)] in nats, with a relative error of O(n^-2)."""
        size, s = num_demonstrations, self.exponent
        first = size * self.offset
        reach = REACH / min(s, 1.0 - s)
        steps = np.arange(np.ceil((-reach - first) / self.span), (reach - first) / self.span)
        points = first + self.span * steps
        log_odds = self.log_prior_odds + points
        log_kernel = (1.0 - s) * log_odds - np.logaddexp(0.0, log_odds)
        variance, third, fourth = self.cumulants
        correction = (
            -(points**2) / (2.0 * variance)
            - third * points / (2.0 * variance**2)
            + fourth / (8.0 * variance**2)
            - 5.0 * third**2 / (24.0 * variance**3)
        )
        mean = self.span * np.sum(np.exp(log_kernel) * (1.0 + correction / size))
        chernoff = s * self.log_prior_odds + size * self.log_moment
        return float(chernoff + np.log(mean) - 0.5 * np.log(2.0 * np.pi * size * variance))


def _span(values: Float[np.ndarray, " M"]) -> float:
    """Greatest common divisor of all differences of the values, by Euclid's algorithm."""
    differences = values - values.min()
    smallest = ROUNDING * float(differences.max())
    span = 0.0
    for difference in differences:
        rest = float(difference)
        while rest > smallest:
            span, rest = rest, span % rest if span > 0 else 0.0
            rest = 0.0 if span - rest < smallest else rest
    # A span close to the rounding tolerance cannot be distinguished from no lattice.
    if span < 100.0 * smallest:
        raise InputError("task", f"values with a common divisor below {span:.2g}", "log-odds on a lattice")
    return span
