"""Interface of a strong model: it reads weak examples in context and labels inputs.

    model = source.read(context)                # the model conditioned on the context
    labels = model.relabel(queries, key=key)    # the model's own labels of other inputs

`Refinement` uses no other method of a strong model. A latent-concept model reads by Bayes' rule; a network
can read by attention or by a few gradient steps.
"""

import abc
from typing import ClassVar, Protocol, TypeVar, runtime_checkable

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Key, Shaped

from w2s_sim.errors import InputError
from w2s_sim.weak_data import WeakData

StrongModelT = TypeVar("StrongModelT", bound="StrongModel")


@runtime_checkable
class Reader(Protocol):
    """A strong model that has read its context or contexts and can label queries."""

    def relabel(self, inputs: Shaped[Array, "n ..."], *, key: Key[Array, ""]) -> Shaped[Array, "n ..."]:
        """Draw labels of the inputs from the predictive given the context."""
        ...


@runtime_checkable
class PredictsMeans(Protocol):
    """A reader whose predictive has a mean."""

    def predict(self, inputs: Shaped[Array, "n ..."]) -> Shaped[Array, "n ..."]:
        """Mean of the predictive at each input."""
        ...


class StrongModel(eqx.Module):
    """A pre-trained model that can read weak examples in context and label inputs.

    A strong model is also a student: a task can evaluate it before or after it reads a context.

    Attributes:
        kind: Name of this kind of models in error messages.
        estimator_example: Example of an estimator for such models, for error messages.
    """

    kind: ClassVar[str] = "strong models"
    estimator_example: ClassVar[str] = "Refinement(16, student)"

    @abc.abstractmethod
    def read(self: StrongModelT, context: WeakData) -> StrongModelT:
        """Return the model after it has read n >= 0 weak examples in context.

        Args:
            context: The weak examples; the model assumes that they share one latent concept.
        """

    @abc.abstractmethod
    def relabel(self, inputs: Shaped[Array, "n ..."], *, key: Key[Array, ""]) -> Shaped[Array, "n ..."]:
        """Draw a label of every input independently from the model's predictive given this input.

        Args:
            inputs: x_1..x_n, stacked.
            key: Typed PRNG key.
        """

    def read_each(self, contexts: WeakData) -> Reader:
        """Return the model after it has read N contexts, one per query.

        Args:
            contexts: N contexts of n pairs, stacked along the first axis.
        """
        return OneContextEach(self, contexts)

    def read_left_out(self, batches: WeakData) -> Reader:
        """Return the model with leave-one-out contexts: for every pair, the other pairs of its batch.

        Args:
            batches: Batches of n + 1 pairs, stacked along the first axis. The queries are the inputs of all
                batches, in order.
        """
        count, size = batches.labels.shape[:2]
        others = np.array([[i for i in range(size) if i != query] for query in range(size)])
        inputs, labels = (
            leaf[:, others].reshape(count * size, size - 1, *leaf.shape[2:])
            for leaf in (batches.inputs, batches.labels)
        )
        return self.read_each(WeakData(inputs, labels))

    def read_whole(self, batches: WeakData) -> Reader:
        """Return the model with whole batches as contexts: for every pair, all pairs of its batch.

        Args:
            batches: Batches of n pairs, stacked along the first axis. The queries are the inputs of all
                batches, in order.
        """
        size = batches.labels.shape[1]
        leaves = (jnp.repeat(leaf, size, axis=0) for leaf in (batches.inputs, batches.labels))
        return self.read_each(WeakData(*leaves))


class OneContextEach(eqx.Module):
    """Default implementation of `read_each`: the strong model reads a separate context for every query.

    Attributes:
        source: The strong model before it reads the contexts.
        contexts: N contexts of n pairs, stacked along the first axis.
    """

    source: StrongModel
    contexts: WeakData

    def relabel(self, inputs: Shaped[Array, "N ..."], *, key: Key[Array, ""]) -> Shaped[Array, "N ..."]:
        """Draw a label of each query after reading the context of that query."""

        def label(context: WeakData, query: Array, query_key: Array) -> Array:
            return self.source.read(context).relabel(query[None], key=query_key)[0]

        return jax.vmap(label)(self.contexts, inputs, jax.random.split(key, inputs.shape[0]))

    def predict(self, inputs: Shaped[Array, "N ..."]) -> Shaped[Array, "N ..."]:
        """Mean label of each query after reading the context of that query."""

        def label(context: WeakData, query: Array) -> Array:
            return require_means(self.source.read(context)).predict(query[None])[0]

        return jax.vmap(label)(self.contexts, inputs)


def require_means(reader: Reader) -> PredictsMeans:
    """Return the reader if its predictive has a mean.

    Raises:
        InputError: If the predictive has no mean, for example because labels are symbols.
    """
    if not isinstance(reader, PredictsMeans):
        raise InputError("labels", "'mean'", f"'draw': labels of a {type(reader).__name__} have no mean")
    return reader
