"""Paired comparisons: differences and ratios of the mean risks of two estimators on the same draws.

Both estimators learn from the same weak data in every replicate, so that most of the noise cancels.
"""

import math
from collections.abc import Mapping

import numpy as np
from jaxtyping import Float

from w2s_sim.engine.running_moments import RunningMoments

OWN, BASE, DIFFERENCE = 0, 1, 2


class PairedRisks:
    """Running moments of the risks of an estimator and of a baseline in the same replicates."""

    def __init__(self) -> None:
        self._moments = RunningMoments(3)

    def add(self, own: Float[np.ndarray, " n"], baseline: Float[np.ndarray, " n"]) -> None:
        """Update with the risks of consecutive replicates, without pairs of which a risk is not finite."""
        paired = np.isfinite(own) & np.isfinite(baseline)
        own, baseline = own[paired], baseline[paired]
        self._moments.add(np.stack([own, baseline, own - baseline], axis=1))

    def summary(self) -> Mapping[str, float]:
        """Return difference and ratio of the mean risks, with their standard errors.

        Returns:
            `risk_difference`: risk minus the baseline's risk, in the unit of the risk. `risk_ratio`: risk
            divided by the baseline's risk; nan if that is zero. `..._se`: Monte Carlo standard errors, that
            of the ratio by the delta method.
        """
        own, base = self._moments.mean(OWN), self._moments.mean(BASE)
        variances = [self._moments.standard_error(column) ** 2 for column in (OWN, BASE, DIFFERENCE)]
        ratio = own / base if base > 0 else math.nan
        # The variance of own - ratio * base, written so that it is accurate where both risks nearly agree.
        spread = (1.0 - ratio) * (variances[OWN] - ratio * variances[BASE]) + ratio * variances[DIFFERENCE]
        return {
            "risk_difference": self._moments.mean(DIFFERENCE),
            "risk_difference_se": math.sqrt(variances[DIFFERENCE]),
            "risk_ratio": ratio,
            "risk_ratio_se": math.sqrt(max(spread, 0.0)) / base if base > 0 else math.nan,
        }


def paired_summary(
    own: Float[np.ndarray, " replicates"], baseline: Float[np.ndarray, " replicates"]
) -> Mapping[str, float]:
    """Return the summary of `PairedRisks` of all replicates at once."""
    pairs = PairedRisks()
    pairs.add(own, baseline)
    return pairs.summary()
