"""Categorical concepts: a table of label probabilities for every concept and context."""

from typing import ClassVar, TypeVar

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int, Key

from w2s_sim.concepts.finite import FiniteModel, draw_from_rows, log_rows
from w2s_sim.errors import InputError
from w2s_sim.fields import probability

CategoricalModelT = TypeVar("CategoricalModelT", bound="CategoricalModel")


class CategoricalModel(FiniteModel):
    """Categorical labels p(y | x, k) = tables[k, x, y], with X input contexts and V label symbols.

    Attributes:
        tables: Label probabilities of every concept and context, shape (K, X, V).
        contexts: Probabilities of the contexts, shape (X,).

    Raises:
        InputError: If shapes do not match, or rows are not probability vectors.
    """

    kind: ClassVar[str] = "categorical concepts"
    tables: Float[Array, "K X V"] = eqx.field(converter=probability("tables"))
    contexts: Float[Array, " X"] = eqx.field(converter=probability("contexts"))

    def __check_init__(self) -> None:
        if self.tables.ndim != 3 or self.tables.shape[0] != self.num_concepts or 0 in self.tables.shape:
            expected = f"shape ({self.num_concepts}, X, V): per concept and context, V probabilities"
            raise InputError("tables", f"shape {self.tables.shape}", expected)
        if self.contexts.shape != self.tables.shape[1:2]:
            expected = f"shape {self.tables.shape[1:2]} (one probability per context)"
            raise InputError("contexts", f"shape {self.contexts.shape}", expected)

    @property
    def outcome_space(self) -> dict[str, int]:
        return {"contexts": self.tables.shape[1], "symbols": self.tables.shape[2]}

    @property
    def num_symbols(self) -> int:
        return self.tables.shape[2]

    @property
    def num_outcomes(self) -> int:
        return self.tables.shape[1] * self.tables.shape[2]

    def _enumerated(self) -> tuple[Int[Array, " M"], Int[Array, " M"]]:
        """All pairs (context, symbol), ordered by context and then by symbol."""
        index = jnp.arange(self.num_outcomes)
        return index // self.num_symbols, index % self.num_symbols

    def outcome_index(self, inputs: Int[Array, " n"], labels: Int[Array, " n"]) -> Int[Array, " n"]:
        return inputs * self.num_symbols + labels

    def log_likelihood(self, inputs: Int[Array, " n"], labels: Int[Array, " n"]) -> Float[Array, "n K"]:
        return log_rows(self.tables)[:, inputs, labels].T

    def log_input_probabilities(self, inputs: Int[Array, " n"]) -> Float[Array, " n"]:
        return log_rows(self.contexts)[inputs]

    def sample_inputs(self, num: int, *, key: Key[Array, ""]) -> Int[Array, "{num}"]:
        rows = jnp.broadcast_to(self.contexts, (num, self.contexts.shape[0]))
        return draw_from_rows(rows, jax.random.uniform(key, (num,)))

    def sample_labels(
        self, inputs: Int[Array, " n"], concepts: Int[Array, " n"], *, key: Key[Array, ""]
    ) -> Int[Array, " n"]:
        return draw_from_rows(self.tables[concepts, inputs], jax.random.uniform(key, inputs.shape))

    def through(self: CategoricalModelT, channel: Float[Array, "V V"]) -> CategoricalModelT:
        return eqx.tree_at(lambda model: model.tables, self, self.tables @ channel)
