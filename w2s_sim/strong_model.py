"""The contract of a strong model: it reads weak examples in context, and labels inputs itself.

    model = source.read(context)                # the model after it has read the context
    labels = model.relabel(queries, key=key)    # the model's own labels of other inputs

`Refinement` needs nothing else of a strong model. A latent-concept model reads by Bayes' rule, a network may
read by attention or by a few steps of gradient descent.
"""

import abc
from typing import ClassVar, Protocol, TypeVar, runtime_checkable

import equinox as eqx
import jax
import numpy as np
from jaxtyping import Array, Key, Shaped

from w2s_sim.errors import InputError
from w2s_sim.weak_data import WeakData

StrongModelT = TypeVar("StrongModelT", bound="StrongModel")


@runtime_checkable
class Reader(Protocol):
    """A model, or several, after reading: labels queries."""

    def relabel(self, inputs: Shaped[Array, "n ..."], *, key: Key[Array, ""]) -> Shaped[Array, "n ..."]:
        """Labels of the inputs, drawn from the predictive of the model that has read."""
        ...


@runtime_checkable
class PredictsMeans(Protocol):
    """A reader whose predictive has a mean."""

    def predict(self, inputs: Shaped[Array, "n ..."]) -> Shaped[Array, "n ..."]:
        """The mean of the predictive at each of the inputs."""
        ...


class StrongModel(eqx.Module):
    """A pre-trained model that can read weak examples in context and label inputs.

    A strong model is also a student: a task scores it as it is, before or after reading.

    Attributes:
        kind: What sentences call the knowledge of such models.
        estimator_example: An estimator that learns from such a model, for complaints about one that does not.
    """

    kind: ClassVar[str] = "strong models"
    estimator_example: ClassVar[str] = "Refinement(16, student)"

    @abc.abstractmethod
    def read(self: StrongModelT, context: WeakData) -> StrongModelT:
        """The model after reading n >= 0 weak examples in context.

        Args:
            context: The weak examples, which share one latent concept in the eyes of the model.
        """

    @abc.abstractmethod
    def relabel(self, inputs: Shaped[Array, "n ..."], *, key: Key[Array, ""]) -> Shaped[Array, "n ..."]:
        """Labels of the inputs, each drawn from the model's predictive given its own input alone.

        Args:
            inputs: x_1..x_n, stacked.
            key: Typed PRNG key.
        """

    def read_each(self, contexts: WeakData) -> Reader:
        """The model after reading N contexts, one for each of N queries.

        Args:
            contexts: N contexts of n pairs, stacked along the first axis.
        """
        return OneContextEach(self, contexts)

    def read_left_out(self, batches: WeakData) -> Reader:
        """The model after reading, for each pair of a batch, the other pairs of that batch.

        Args:
            batches: Batches of n + 1 pairs, stacked along the first axis. The queries are their inputs, batch
                after batch.
        """
        count, size = batches.labels.shape[:2]
        others = np.array([[i for i in range(size) if i != query] for query in range(size)])
        inputs, labels = (
            leaf[:, others].reshape(count * size, size - 1, *leaf.shape[2:])
            for leaf in (batches.inputs, batches.labels)
        )
        return self.read_each(WeakData(inputs, labels))


class OneContextEach(eqx.Module):
    """A strong model that reads a context of its own for every query, by the plain route: one by one.

    Attributes:
        source: The strong model before reading.
        contexts: N contexts of n pairs, stacked along the first axis.
    """

    source: StrongModel
    contexts: WeakData

    def relabel(self, inputs: Shaped[Array, "N ..."], *, key: Key[Array, ""]) -> Shaped[Array, "N ..."]:
        """A label of each query, drawn after reading the context of that query."""

        def label(context: WeakData, query: Array, query_key: Array) -> Array:
            return self.source.read(context).relabel(query[None], key=query_key)[0]

        return jax.vmap(label)(self.contexts, inputs, jax.random.split(key, inputs.shape[0]))

    def predict(self, inputs: Shaped[Array, "N ..."]) -> Shaped[Array, "N ..."]:
        """The mean label of each query after reading the context of that query."""

        def label(context: WeakData, query: Array) -> Array:
            return require_means(self.source.read(context)).predict(query[None])[0]

        return jax.vmap(label)(self.contexts, inputs)


def require_means(reader: Reader) -> PredictsMeans:
    """The reader, if its predictive has a mean.

    Raises:
        InputError: If it has none, as for labels that are symbols.
    """
    if not isinstance(reader, PredictsMeans):
        raise InputError("labels", "'mean'", f"'draw': labels of a {type(reader).__name__} have no mean")
    return reader
