"""Tasks of voronoi-threshold: the weak concept is at a given position between two concepts."""

import numpy as np
from jaxtyping import Float

from w2s_sim.laws.features import Anisotropic, FeatureLaw, Gaussian
from w2s_sim.statements.shared.regression_examples import canonical
from w2s_sim.tasks.regression_task import TransferTask
from w2s_sim.tasks.supervisors import RegressionSupervisor


def weak_concept_at(
    share: float, *, across: float = 0.0, factor: Float[np.ndarray, "8 8"] | None = None
) -> TransferTask:
    """Return the canonical task with beta'_4 = beta_4 + t (beta_1 - beta_4) + across e_8.

    Args:
        share: t; the border of the Voronoi cells is at t = 1/2.
        across: Bias orthogonal to the segment, in label units.
        factor: Matrix A of features x = A z; by default the features are standard normal.
    """
    vectors = np.eye(4, 8)
    vectors[3] += share * (vectors[0] - vectors[3])
    vectors[3, 7] += across
    features: FeatureLaw = Gaussian(8) if factor is None else Anisotropic(Gaussian(8), factor)
    return canonical(supervisor=RegressionSupervisor(vectors, 0.5), features=features)
