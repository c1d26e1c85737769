"""Contexts of regression concepts from their residuals alone, at a cost that does not depend on d.

A posterior sees a demonstration (x, y') only through the residuals u_k = (y' - beta_k^T x) / sigma of the K
concepts. With Gaussian features and normal noise, and given the concept j that is shown, they are jointly
normal with mean zero: u = A_j z, with z standard normal in d + 1 dimensions and rows
    A_jk = ((beta'_j - beta_k)^T Sigma^(1/2), sigma') / sigma.
The singular value decomposition A_j = U S V^T gives a factor F_j = U S of r = rank A_j <= min(K, d + 1)
columns, and F_j z with r normals has the same law. Derivation: theory/concept-identification.md.
"""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int, Key

from w2s_sim.concepts.conditioning import log_weights
from w2s_sim.identification.contexts import Contexts, reduced_contexts
from w2s_sim.identification.moments import has_gaussian_moments
from w2s_sim.tasks.regression_task import TransferTask
from w2s_sim.tasks.task import sample_concepts


class ResidualContexts(Contexts):
    """Contexts of which only the residuals are drawn.

    Attributes:
        prior: Source prior alpha^P.
        shown_prior: Target weights of the J concepts that are shown.
        factors: F_j of every shown concept j, in units of the strong model's noise; shorter factors are
            filled with zeros.
        reference: Concept whose log likelihoods are taken from those of the others, so that sums over many
            demonstrations stay precise: one that explains them well.
        num_demonstrations: n >= 1.
        context_size: Number of consecutive demonstrations that share one draw of the concept.
    """

    prior: Float[Array, " K"]
    shown_prior: Float[Array, " J"]
    factors: Float[Array, "J K r"]
    reference: Int[Array, ""]
    num_demonstrations: int = eqx.field(static=True)
    context_size: int = eqx.field(static=True)

    @classmethod
    def of(cls, task: TransferTask, num_demonstrations: int, context_size: int) -> "ResidualContexts":
        """Compute the factors in float64. Needs concrete values."""
        shown = np.flatnonzero(np.asarray(task.target_prior))
        factors = jnp.asarray(residual_factors(task, shown), dtype=float)
        shown_prior = task.target_prior[shown]
        return cls(
            task.source.prior, shown_prior, factors, task.target_concept, num_demonstrations, context_size
        )

    def log_joint_path(self, *, key: Key[Array, ""]) -> Float[Array, "n K"]:
        squares = self.residuals(key=key) ** 2
        relative = 0.5 * (jax.lax.dynamic_index_in_dim(squares, self.reference, axis=1) - squares)
        return log_weights(self.prior) + jnp.cumsum(relative, axis=0)

    def residuals(self, *, key: Key[Array, ""]) -> Float[Array, "n K"]:
        """Draw the residuals of n demonstrations, in units of the strong model's noise."""
        normal_key, concept_key = jax.random.split(key)
        # Half of the time of a context is its normals. With the older counters threefry keeps both words of
        # every hash; the newer ones, which keep one, are for arrays that are drawn on several devices.
        with jax.threefry_partitionable(False):
            normals = jax.random.normal(normal_key, (self.num_demonstrations, self.factors.shape[2]))
        if len(self.shown_prior) == 1:
            return jnp.matmul(normals, self.factors[0].T, precision="highest")
        concepts = sample_concepts(
            self.shown_prior, self.num_demonstrations, self.context_size, key=concept_key
        )
        return jnp.einsum("nr,nkr->nk", normals, self.factors[concepts], precision="highest")


@reduced_contexts.register(TransferTask)
def _(task: TransferTask, num_demonstrations: int, context_size: int) -> Contexts | None:
    if not has_gaussian_moments(task):
        return None
    return ResidualContexts.of(task, num_demonstrations, context_size)


def residual_factors(task: TransferTask, shown: Int[np.ndarray, " J"]) -> Float[np.ndarray, "J K r"]:
    """Factors F_j of the covariances of the residuals, in float64, for the concepts j that are shown."""
    noise, covariance = float(task.source.noise), np.asarray(task.features.covariance, dtype=np.float64)
    strong, weak = (np.asarray(v, np.float64) / noise for v in (task.source.vectors, task.supervisor.vectors))
    shifts = weak[shown, None] - strong
    if not np.array_equal(covariance, np.eye(task.dim)):
        squares, basis = np.linalg.eigh(covariance)
        shifts = shifts @ (basis * np.sqrt(np.maximum(squares, 0.0)))
    label_noise = np.full((*shifts.shape[:2], 1), float(task.supervisor.noise) / noise)
    left, sizes, _ = np.linalg.svd(np.concatenate([shifts, label_noise], axis=2), full_matrices=False)
    # The usual threshold of a numerical rank: what rounding makes of a singular value of zero.
    rounding = max(shifts.shape[1:]) * np.finfo(np.float64).eps * sizes.max(axis=1, keepdims=True)
    rank = max(1, int(np.sum(sizes > rounding, axis=1).max()))
    return (left * sizes[:, None])[:, :, :rank]
