"""The auxiliary confidence loss: cross-entropy to weak labels and own hard predictions."""

from typing import ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int, Key

from w2s_sim.concepts import CategoricalModel
from w2s_sim.concepts.finite import log_rows
from w2s_sim.estimators.balanced_hardening import hardened
from w2s_sim.estimators.base import Estimator
from w2s_sim.fields import number, positive, whole
from w2s_sim.strong_model import StrongModel
from w2s_sim.tasks.task import WeakData


class ConfidenceLoss(Estimator[CategoricalModel, CategoricalModel]):
    """Fine-tuning of logits on weak labels and, in part, on the student's own hard predictions.

    The student has free logits in every context, and starts at the strong model's predictions. Every step is
    one of gradient descent on the mean cross-entropy to (1 - m) y' + m h, where h is the hard prediction of
    the student itself, held fixed in the gradient. Hard predictions are balanced: every symbol gets an equal
    share of the pairs (`hardened`). The student is a model with one concept.

    Attributes:
        confidence: Weight m in [0, 1] of the own predictions.
        steps: Number of steps t >= 0.
        step_size: Step size tau > 0 in the log odds of two symbols, which is tau / 2 in the logits; up to 4,
            steps do not overshoot.
        num_weak: Number of weak pairs n >= 1.

    Source: the auxiliary confidence loss of Burns et al. 2023, arXiv 2312.09390.
    """

    concepts: ClassVar[type[StrongModel]] = CategoricalModel
    confidence: Float[Array, ""] = eqx.field(converter=number("confidence", 0.0, 1.0))
    steps: int = eqx.field(static=True, converter=whole("steps", 0), kw_only=True)
    step_size: Float[Array, ""] = eqx.field(converter=positive("step_size"), default=4.0, kw_only=True)
    num_weak: int = eqx.field(static=True, kw_only=True, converter=whole("num_weak"))

    @property
    def sample_size(self) -> int:
        return self.num_weak

    def ignores_data(self, source: CategoricalModel) -> bool:
        """True without steps: the student then predicts as the strong model does."""
        return self.steps == 0

    def fit(self, source: CategoricalModel, data: WeakData, *, key: Key[Array, ""]) -> CategoricalModel:
        self.require_inputs(source, data)
        counts = source.outcome_counts(data.inputs, data.labels).reshape(source.tables.shape[1:])
        pairs = jnp.sum(counts, axis=1, keepdims=True)
        shares, frequencies = pairs / self.num_weak, counts / jnp.maximum(pairs, 1.0)

        def step(_: Int[Array, ""], logits: Float[Array, "X V"]) -> Float[Array, "X V"]:
            own = hardened(logits, shares[:, 0])
            wanted = (1.0 - self.confidence) * frequencies + self.confidence * own
            return logits - 0.5 * self.step_size * shares * (jax.nn.softmax(logits) - wanted)

        start = log_rows(jnp.einsum("k,kxv->xv", source.prior, source.tables))
        table = jax.nn.softmax(jax.lax.fori_loop(0, self.steps, step, start))
        return CategoricalModel(jnp.ones_like(table[:1, 0]), table[None], source.contexts)
