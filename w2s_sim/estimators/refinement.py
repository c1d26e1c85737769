"""Refinement: the strong model relabels the weak data in context; a student is fitted on its labels."""

from typing import Literal

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Key

from w2s_sim._checks import as_whole, require_count
from w2s_sim.concepts import RegressionModel
from w2s_sim.concepts.conditioning import left_out, log_posterior, log_weights
from w2s_sim.errors import InputError
from w2s_sim.estimators.base import Estimator
from w2s_sim.estimators.finetune import SpectralFinetuning
from w2s_sim.fields import part
from w2s_sim.students import LinearStudent
from w2s_sim.tasks.task import WeakData

Context = Literal["shared", "fresh", "leave-one-out"]
Labels = Literal["draw", "mean"]


class Refinement(Estimator):
    """Relabel queries with the strong model's posterior in context, then fit a student.

    Three ways to spend the weak data (n demonstrations, N queries):

    * "shared": n pairs are the context of all N queries; n + N pairs.
    * "fresh": every query has a context of its own; N (n + 1) pairs.
    * "leave-one-out": batches of n + 1 pairs, each query relabelled with the other n as context;
      N pairs, and N must be a multiple of n + 1.

    Queries' own weak labels are never used to relabel them.

    Attributes:
        num_demonstrations: n >= 1.
        student: The estimator fitted on refined labels; its sample size is N.
        context: "shared", "fresh" or "leave-one-out".
        labels: "draw" takes labels from the posterior predictive, "mean" takes the posterior mean.
    """

    num_demonstrations: int = eqx.field(static=True, converter=as_whole)
    student: SpectralFinetuning = eqx.field(
        converter=part(
            "student", SpectralFinetuning, "a fine-tuning estimator, such as LeastSquares(num_weak=60)"
        )
    )
    context: Context = eqx.field(static=True, default="shared")
    labels: Labels = eqx.field(static=True, default="draw")

    def __check_init__(self) -> None:
        require_count("num_demonstrations", self.num_demonstrations, 1)
        if self.context not in ("shared", "fresh", "leave-one-out"):
            raise InputError("context", repr(self.context), "'shared', 'fresh' or 'leave-one-out'")
        if self.labels not in ("draw", "mean"):
            raise InputError("labels", repr(self.labels), "'draw' or 'mean'")
        batch = self.num_demonstrations + 1
        if self.context == "leave-one-out" and self.num_queries % batch:
            raise InputError(
                "num_queries",
                self.num_queries,
                f"a multiple of {batch} (num_demonstrations + 1) for context = 'leave-one-out'",
            )

    @property
    def num_queries(self) -> int:
        """N, the number of relabelled inputs."""
        return self.student.sample_size

    @property
    def sample_size(self) -> int:
        """Weak pairs consumed, demonstrations and queries together."""
        if self.context == "shared":
            return self.num_demonstrations + self.num_queries
        if self.context == "fresh":
            return self.num_queries * (self.num_demonstrations + 1)
        return self.num_queries

    @property
    def context_size(self) -> int:
        """Pairs of one context, its queries included."""
        if self.context == "shared":
            return self.sample_size
        return self.num_demonstrations + 1

    def fit(self, source: RegressionModel, data: WeakData, *, key: Key[Array, ""]) -> LinearStudent:
        self.require_inputs(source, data)
        if data.labels.shape[0] != self.sample_size:
            raise InputError(
                "data", f"{data.labels.shape[0]} pairs", f"{self.sample_size}: demonstrations, queries"
            )
        label_key, student_key = jax.random.split(key)
        queries, posterior = self.read_contexts(source, data)
        if self.labels == "draw":
            labels = source.sample_predictive(queries, posterior, key=label_key)
        else:
            weights = jnp.broadcast_to(jnp.exp(posterior), (self.num_queries, source.num_concepts))
            labels = jnp.sum(queries * (weights @ source.vectors), axis=-1)
        return self.student.fit(source, WeakData(queries, labels), key=student_key)

    def read_contexts(
        self, source: RegressionModel, data: WeakData
    ) -> tuple[Float[Array, "N d"], Float[Array, "*N K"]]:
        """The queries, and log pi_n for them: (K,) for a shared context, else one row a query."""
        size = self.num_demonstrations
        if self.context == "shared":
            demonstrations = data[:size]
            return data.inputs[size:], source.log_posterior(demonstrations.inputs, demonstrations.labels)
        dim = data.inputs.shape[1]
        inputs = data.inputs.reshape(-1, size + 1, dim)
        labels = data.labels.reshape(-1, size + 1)
        if self.context == "fresh":
            posterior = jax.vmap(source.log_posterior)(inputs[:, :size], labels[:, :size])
            return inputs[:, size], posterior
        log_likelihood = jax.vmap(source.log_likelihood)(inputs, labels)
        posterior = log_posterior(log_weights(source.prior), left_out(log_likelihood))
        return data.inputs, posterior.reshape(-1, source.num_concepts)
