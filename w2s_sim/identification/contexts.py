"""Random contexts of a task, from which posteriors over the concepts are read after every demonstration."""

import abc
from functools import singledispatch

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Key

from w2s_sim.tasks.regression_task import TransferTask
from w2s_sim.tasks.task import ConceptTask


class Contexts(eqx.Module):
    """The law of a random context of n demonstrations and of the posteriors after each of them."""

    @abc.abstractmethod
    def log_joint_path(self, *, key: Key[Array, ""]) -> Float[Array, "n K"]:
        """Draw a context, and return log pi_1, ..., log pi_n in nats, each row up to a constant."""


class DrawnContexts(Contexts):
    """Contexts whose inputs and labels are drawn, for tasks of any kind.

    Attributes:
        task: The task.
        num_demonstrations: n >= 1.
        context_size: Number of consecutive demonstrations that share one draw of the concept.
    """

    task: ConceptTask
    num_demonstrations: int = eqx.field(static=True)
    context_size: int = eqx.field(static=True)

    def log_joint_path(self, *, key: Key[Array, ""]) -> Float[Array, "n K"]:
        return self.log_posterior_path(key=key)[1:]

    def log_posterior_path(self, *, key: Key[Array, ""]) -> Float[Array, "steps K"]:
        """Draw a context, and return its log posteriors log pi_0, ..., log pi_n in nats."""
        data = self.task.sample_weak(self.num_demonstrations, context_size=self.context_size, key=key)
        return self.task.source.log_posterior_path(data.inputs, data.labels)


@singledispatch
def reduced_contexts(task: ConceptTask, num_demonstrations: int, context_size: int) -> Contexts | None:
    """Return contexts of the same law that cost less to draw; None for kinds of tasks that have none.

    `@reduced_contexts.register(MyTask)` adds those of another kind.
    """
    return None


class PosteriorRisks(eqx.Module):
    """Excess risks of the strong model under posteriors over its concepts."""

    @abc.abstractmethod
    def __call__(self, posteriors: Float[Array, "n K"]) -> Float[Array, " n"]:
        """Return the excess risk under every row, in the unit of `task.risk_label`."""


class OneByOne(PosteriorRisks):
    """One call of `excess_risk` per posterior, for tasks of any kind."""

    task: ConceptTask

    def __call__(self, posteriors: Float[Array, "n K"]) -> Float[Array, " n"]:
        return jax.vmap(lambda row: self.task.excess_risk(self.task.source.with_prior(row)))(posteriors)


class QuadraticForm(PosteriorRisks):
    """The risk ||sum_k pi(k) (beta_k - beta_Q)||^2_Sigma of regression concepts.

    Attributes:
        form: Entry (k, l): (beta_k - beta_Q)^T Sigma (beta_l - beta_Q), in squared label units.
    """

    form: Float[Array, "K K"]

    def __call__(self, posteriors: Float[Array, "n K"]) -> Float[Array, " n"]:
        # Rounding can make a risk of zero negative.
        return jnp.maximum(jnp.sum((posteriors @ self.form) * posteriors, axis=1), 0.0)


@singledispatch
def posterior_risks(task: ConceptTask) -> PosteriorRisks:
    """Return the risks of a task; `@posterior_risks.register(MyTask)` adds a faster form of another kind."""
    return OneByOne(task)


@posterior_risks.register(TransferTask)
def _(task: TransferTask) -> PosteriorRisks:
    errors = task.source.vectors - task.target_vector
    return QuadraticForm(errors @ task.features.covariance @ errors.T)
