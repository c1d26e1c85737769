"""The law of the moments of weak data with normal features, drawn without the data."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Key

from w2s_sim._checks import as_float, described, require_count, require_key, require_part
from w2s_sim.errors import InputError
from w2s_sim.laws.wishart import bartlett_factor
from w2s_sim.tasks.regression_task import TransferTask
from w2s_sim.tasks.task import sample_concepts
from w2s_sim.tasks.weak_moments import WeakMoments


class MomentLaw(eqx.Module):
    """The law of `WeakMoments.of(data, beta_P)` for n ungrouped weak pairs with normal features and noise.

    The pairs of concept k are n_k inputs X_k with labels X_k beta'_k + sigma' e_k. With G_k = X_k^T X_k,

        n S = sum_k G_k,      n r = sum_k (G_k (beta'_k - beta_P) + sigma' X_k^T e_k).

    Each G_k has a Wishart law with n_k degrees of freedom, and X_k^T e_k = L_k z_k with its Bartlett factor
    L_k; the counts n_k are multinomial. A sample takes K d^2 normal numbers in place of n d, with K the
    number of concepts of positive target weight.

    Attributes:
        factor: A, with features x = A z for standard normal z; None for A = I.
        pulls: beta'_k - beta_P for the concepts of positive target weight, in label units per feature unit.
        weights: Their target weights.
        noise: sigma' >= 0, in label units.
        num_weak: n >= 1.
    """

    factor: Float[Array, "d d"] | None
    pulls: Float[Array, "K d"]
    weights: Float[Array, " K"]
    noise: Float[Array, ""]
    num_weak: int = eqx.field(static=True)

    @classmethod
    def of(cls, task: TransferTask, num_weak: int) -> "MomentLaw":
        """Return the law of the moments of a task. Needs concrete values.

        Args:
            task: A task whose moments have a known law; see `why_unknown`.
            num_weak: Number of ungrouped weak pairs n >= 1.

        Raises:
            InputError: If the law is not known.
        """
        require_part("task", task, TransferTask, "a task with regression concepts")
        require_count("num_weak", num_weak, 1)
        if reason := cls.why_unknown(task):
            raise InputError("task", reason, "normal features and normal weak noise")
        shown = np.flatnonzero(np.asarray(task.target_prior))
        return cls(
            None if task.features.isotropic else task.features.normal_factor,
            task.supervisor.vectors[shown] - task.source_vector,
            as_float(task.target_prior)[shown],
            task.supervisor.noise,
            int(num_weak),
        )

    @staticmethod
    def why_unknown(task: Any) -> str:
        """Return why the law of the moments of a task is not known; "" if it is known."""
        if not isinstance(task, TransferTask):
            return described(task)
        if task.features.normal_factor is None:
            return f"features of the law {type(task.features).__name__}"
        if not task.supervisor.law.is_normal:
            return f"weak noise of the law {type(task.supervisor.law).__name__}"
        return ""

    def sample(self, *, key: Key[Array, ""]) -> WeakMoments:
        """Draw the moments of one weak data set, relative to the source vector beta_P."""
        require_key("key", key)
        count_key, gram_key = jax.random.split(key)
        num_concepts, dim = self.pulls.shape
        # The coordinates z = A^{-1} x see the coefficients A^T b.
        pulls = self.pulls if self.factor is None else self.pulls @ self.factor

        def of_concept(
            key: Key[Array, ""], count: Float[Array, ""], pull: Float[Array, " d"]
        ) -> tuple[Float[Array, "d d"], Float[Array, " d"]]:
            lower, coordinates = bartlett_factor(dim, count, min(self.num_weak, dim), key=key)
            return lower @ lower.T, lower @ (lower.T @ pull + self.noise * coordinates)

        keys = jax.random.split(gram_key, num_concepts)
        grams, products = jax.vmap(of_concept)(keys, self._counts(count_key), pulls)
        covariance = jnp.sum(grams, axis=0) / self.num_weak
        residual = jnp.sum(products, axis=0) / self.num_weak
        if self.factor is not None:
            covariance, residual = self.factor @ covariance @ self.factor.T, self.factor @ residual
        return WeakMoments(covariance, residual, jnp.asarray(self.num_weak, covariance.dtype))

    def _counts(self, key: Key[Array, ""]) -> Float[Array, " K"]:
        """Draw how many pairs show each concept."""
        concepts = jnp.arange(len(self.weights))
        if len(concepts) == 1:
            return jnp.full(1, float(self.num_weak))
        shown = sample_concepts(self.weights, self.num_weak, 1, key=key)
        return jnp.sum(shown[:, None] == concepts, axis=0).astype(float)
