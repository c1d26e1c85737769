"""Learners that break an assumption on purpose, for the statements' controls."""

import numpy as np
from jaxtyping import Array, Float

from w2s_sim.concepts import RegressionModel
from w2s_sim.estimators import ContextEstimator
from w2s_sim.task import WeakData


class RepeatedDemonstration(ContextEstimator):
    """A context that shows its first demonstration n times: demonstrations that are not independent."""

    def log_posterior(self, source: RegressionModel, data: WeakData) -> Float[Array, " K"]:
        index = np.zeros(self.num_demonstrations, dtype=int)
        return source.log_posterior(data.inputs[index], data.labels[index])
