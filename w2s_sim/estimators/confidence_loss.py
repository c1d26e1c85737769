"""The auxiliary confidence loss: cross-entropy to weak labels and own hard predictions."""

from typing import ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int, Key

from w2s_sim.concepts import CategoricalModel
from w2s_sim.concepts.finite import log_rows
from w2s_sim.errors import InputError
from w2s_sim.estimators.base import Estimator
from w2s_sim.fields import number, positive, whole
from w2s_sim.strong_model import StrongModel
from w2s_sim.tasks.task import WeakData

SYMBOLS = 2


def hardened(log_odds: Float[Array, " X"], shares: Float[Array, " X"]) -> Float[Array, " X"]:
    """Return the hard predictions of contexts, of which exactly half of the pairs get symbol 1.

    The threshold is such that half of the pairs lie above it. Pairs of contexts with equal odds at the
    threshold are split evenly, which is the mean over all ways to break the tie: the prediction is then
    between 0 and 1.

    Args:
        log_odds: Log odds of symbol 1, in nats.
        shares: Shares of the pairs in every context; they sum to 1.
    """
    above = (log_odds[None] > log_odds[:, None]) @ shares
    tied = (log_odds[None] == log_odds[:, None]) @ shares
    return jnp.clip((0.5 - above) / jnp.where(tied > 0, tied, 1.0), 0.0, 1.0)


class ConfidenceLoss(Estimator[CategoricalModel, CategoricalModel]):
    """Fine-tuning of logits on weak labels and, in part, on the student's own hard predictions.

    The student has free log odds in every context, and starts at the strong model's predictions. Every step
    is one of gradient descent on the mean cross-entropy to (1 - m) y' + m h, where h is the hard prediction
    of the student itself, held fixed in the gradient. Its threshold balances the classes (`hardened`), so
    that there are exactly two symbols. The student is a model with one concept.

    Attributes:
        confidence: Weight m in [0, 1] of the own predictions.
        steps: Number of steps t >= 0.
        step_size: Step size tau > 0; up to 4, steps do not overshoot.
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

    def require_concepts(self, source: StrongModel, field: str = "estimator") -> None:
        """Raise if the strong model is not categorical, or has more than two symbols.

        The arguments are those of `Estimator.require_concepts`.
        """
        super().require_concepts(source, field)
        if isinstance(source, CategoricalModel) and source.num_symbols != SYMBOLS:
            given = f"{type(self).__name__}, for {source.num_symbols} symbols"
            expected = (
                "a task of 2 symbols: the threshold splits the predictions of one symbol into two halves"
            )
            raise InputError(field, given, expected)

    def ignores_data(self, source: CategoricalModel) -> bool:
        """True without steps: the student then predicts as the strong model does."""
        return self.steps == 0

    def fit(self, source: CategoricalModel, data: WeakData, *, key: Key[Array, ""]) -> CategoricalModel:
        self.require_inputs(source, data)
        counts = source.outcome_counts(data.inputs, data.labels).reshape(-1, SYMBOLS)
        pairs = jnp.sum(counts, axis=1)
        shares, frequencies = pairs / self.num_weak, counts[:, 1] / jnp.maximum(pairs, 1.0)
        logs = log_rows(jnp.einsum("k,kxv->xv", source.prior, source.tables))

        def step(_: Int[Array, ""], log_odds: Float[Array, " X"]) -> Float[Array, " X"]:
            own = hardened(log_odds, shares)
            wanted = (1.0 - self.confidence) * frequencies + self.confidence * own
            return log_odds - self.step_size * shares * (jax.nn.sigmoid(log_odds) - wanted)

        log_odds = jax.lax.fori_loop(0, self.steps, step, logs[:, 1] - logs[:, 0])
        table = jnp.stack([jax.nn.sigmoid(-log_odds), jax.nn.sigmoid(log_odds)], axis=1)
        return CategoricalModel(jnp.ones_like(table[:1, 0]), table[None], source.contexts)
