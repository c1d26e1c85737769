"""The tangent cone of a simplex at a vertex: its dimension grows like the logarithm of their number."""

from typing import Any

import jax.numpy as jnp
import numpy as np
from jax.scipy.stats import norm
from jaxtyping import Array, Float

from w2s_sim.laws.features import Gaussian
from w2s_sim.statements.contract.case import Assumption, Case

# Every level is a valid bound; the best one is below 6 for all numbers of vertices up to 10^9.
LEVELS = np.linspace(-6.0, 6.0, 1201)
# Relative size up to which inner products of concepts count as those of a simplex.
SAME_PRODUCT = 1e-5


def vertex_dimension_bound(num_vertices: int) -> Float[Array, ""]:
    """Return B_K = min over t of E(t - g)_+^2 + (K - 1) E(g - t)_+^2, at most 1 + 2 log K + a vanishing term.

    It bounds the statistical dimension of the tangent cone of the standard simplex at a vertex.

    Args:
        num_vertices: K >= 1.
    """
    levels = jnp.asarray(LEVELS)
    above = (1.0 + levels**2) * norm.sf(levels) - levels * norm.pdf(levels)
    below = 1.0 + levels**2 - above
    return jnp.min(below + (num_vertices - 1) * above)


def vertex_bound(case: Case[Any]) -> Float[Array, ""]:
    """Return sigma'^2 B_K n / (n - K - 1), in squared label units."""
    size, count = case.estimator.sample_size, case.task.num_concepts
    return case.task.supervisor.noise**2 * vertex_dimension_bound(count) * size / (size - count - 1)


def _is_simplex(case: Case) -> bool:
    """Whether the concepts are orthogonal and equally long."""
    vectors = np.asarray(case.task.source.vectors, dtype=np.float64)
    products = vectors @ vectors.T
    gap = products - np.mean(np.diag(products)) * np.eye(len(products))
    return float(np.max(np.abs(gap))) <= SAME_PRODUCT * float(np.max(np.abs(products)))


SIMPLEX = Assumption("orthogonal concepts of one length", _is_simplex)
MORE_PAIRS = Assumption(
    "more pairs than concepts",
    lambda case: case.estimator.sample_size > case.task.num_concepts + 1,
)
NORMAL = Assumption("standard normal features", lambda case: isinstance(case.task.features, Gaussian))
