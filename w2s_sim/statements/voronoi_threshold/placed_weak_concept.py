"""Tasks of voronoi-threshold: the weak concept is at a given position between concepts."""

import itertools

import equinox as eqx
import numpy as np
import pandas as pd
from jaxtyping import Array, Float

from w2s_sim.laws.features import Anisotropic, FeatureLaw, Gaussian
from w2s_sim.statements.shared.regression_examples import canonical
from w2s_sim.tasks.regression_task import TransferTask, regression_task
from w2s_sim.tasks.supervisors import RegressionSupervisor

# Three concepts in the plane, the first one intended.
PLANE_CONCEPTS = np.array([[-0.9, -0.5], [1.0, -0.6], [0.1, 0.9]])


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


def weak_concept_in_plane(position: Float[Array, "2"], noise: float = 0.5) -> TransferTask:
    """Return the task of three concepts in the plane, d = 2, with beta'_1 at a position.

    Args:
        position: Coefficients of the weak concept; a traced value is allowed.
        noise: Standard deviation > 0 of the label noise of both models, in label units.
    """
    task = regression_task(
        2,
        3,
        source_prior=[1 / 3] * 3,
        target_prior=[1.0, 0.0, 0.0],
        concepts=PLANE_CONCEPTS.tolist(),
        noise=noise,
        supervisor=RegressionSupervisor(PLANE_CONCEPTS, noise),
    )
    return eqx.tree_at(lambda t: t.supervisor.vectors, task, task.supervisor.vectors.at[0].set(position))


def cell_borders(concepts: Float[np.ndarray, "3 2"], length: float) -> pd.DataFrame:
    """Return the borders of the Voronoi cells of three points of the plane: rays from their circumcentre.

    Args:
        concepts: Three points that do not lie on one line.
        length: Length of the drawn part of a ray.

    Returns:
        One row per pair of neighbours: `first` and `second`, their indices, and the ends of the border,
        `x_start`, `y_start`, `x_end`, `y_end`.
    """
    # The circumcentre x is as far from every concept: 2 (b_k - b_0).x = |b_k|^2 - |b_0|^2.
    squares = np.sum(concepts**2, axis=1)
    centre = np.linalg.solve(2.0 * (concepts[1:] - concepts[0]), squares[1:] - squares[0])
    rays = []
    for first, second in itertools.combinations(range(3), 2):
        across = concepts[second] - concepts[first]
        along = np.array([-across[1], across[0]]) / np.linalg.norm(across)
        # Away from the third concept, which would be nearer on the other side of the centre.
        along *= np.sign(along @ (concepts[first] - concepts[3 - first - second]))
        rays.append([first, second, *centre, *(centre + length * along)])
    return pd.DataFrame(rays, columns=["first", "second", "x_start", "y_start", "x_end", "y_end"])
