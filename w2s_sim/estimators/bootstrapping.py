"""Bootstrapping: a weak model teaches a middle model, which teaches the next one, up to the strong model."""

import dataclasses
from collections.abc import Sequence
from operator import itemgetter
from typing import Literal

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Key

from w2s_sim._checks import concrete, require_shape
from w2s_sim.concepts import RegressionModel
from w2s_sim.errors import InputError
from w2s_sim.estimators.base import Estimator
from w2s_sim.estimators.finetune import Ridge
from w2s_sim.estimators.prefixes import MomentPrefixes, PartMomentPrefixes, PrefixStatistic
from w2s_sim.fields import Role, entries, whole
from w2s_sim.students import LinearStudent
from w2s_sim.tasks.ridge_step import ridge_step
from w2s_sim.tasks.task import WeakData
from w2s_sim.tasks.weak_moments import WeakMoments

Inputs = Literal["fresh", "shared"]


class Bootstrapping(Estimator[RegressionModel, LinearStudent]):
    """Naive fine-tuning through a chain of students: weak model, middle models, strong model.

    The first middle model is fine-tuned from its own source vector on the weak labels. Every next model is
    fine-tuned from its own source vector on the predictions of the model before it. The strong model comes
    last, starts at beta_P, and is the student. Every model learns by ridge regression towards its source.

    Attributes:
        middle: Source vectors beta_P^1..beta_P^{m-1} of the middle models in the order of the chain, shape
            (m - 1, d) with m >= 2, in label units per feature unit.
        ridges: Penalty eta_i >= 0 of every model of the chain, shape (m,), in squared feature units.
        num_weak: Number of inputs n >= 1 that every model learns from.
        inputs: "fresh" gives every model inputs of its own; "shared" gives all models the same inputs. The
            weak labels of the first model's inputs are the only ones that are read.

    Raises:
        InputError: If there is no middle model, or not one penalty >= 0 per model.

    Source: bootstrapping after Burns et al. 2023, arXiv 2312.09390.
    """

    middle: Float[Array, "models d"] = eqx.field(converter=entries("middle", "(models, d)"))
    ridges: Float[Array, " m"] = eqx.field(converter=entries("ridges", "(m,)", role=Role.SCALE))
    num_weak: int = eqx.field(static=True, kw_only=True, converter=whole("num_weak"))
    inputs: Inputs = eqx.field(static=True, default="fresh", kw_only=True)

    def __check_init__(self) -> None:
        if self.inputs not in ("fresh", "shared"):
            raise InputError("inputs", repr(self.inputs), "'fresh' or 'shared'")
        if 0 in self.middle.shape:
            raise InputError("middle", f"shape {self.middle.shape}", "one row per middle model, at least one")
        if self.ridges.shape[0] != self.num_models:
            raise InputError(
                "ridges",
                f"{self.ridges.shape[0]} penalties",
                f"{self.num_models}: one per middle model, and one for the strong model",
            )
        if concrete(self.ridges) and not bool(jnp.all(self.ridges >= 0)):
            raise InputError("ridges", float(jnp.min(self.ridges)), "penalties >= 0")

    @property
    def num_models(self) -> int:
        """Number m of models in the chain that are fine-tuned, the strong model included."""
        return self.middle.shape[0] + 1

    @property
    def sample_size(self) -> int:
        return self.num_weak * (self.num_models if self.inputs == "fresh" else 1)

    def inputs_of(self, data: WeakData, model: int) -> WeakData:
        """Return the pairs whose inputs a model of the chain learns from.

        Args:
            data: `sample_size` weak pairs.
            model: Position of the model in the chain, from 0.
        """
        first = model * self.num_weak if self.inputs == "fresh" else 0
        return data[first : first + self.num_weak]

    def starts(self, source: RegressionModel) -> Float[Array, "m d"]:
        """Return the source vectors of all models of the chain; the last one is beta_P.

        Raises:
            InputError: If the middle models have another number of features than the strong model.
        """
        last = source.coefficients
        require_shape("middle", self.middle, (self.num_models - 1, last.shape[0]), "middle models x features")
        return jnp.concatenate([self.middle, last[None]])

    def fit(self, source: RegressionModel, data: WeakData, *, key: Key[Array, ""]) -> LinearStudent:
        return self.fit_chain(source, data, key=key)[-1]

    def fit_chain(
        self, source: RegressionModel, data: WeakData, *, key: Key[Array, ""]
    ) -> list[LinearStudent]:
        """Fit every model of the chain, in its order; the last one is the student.

        The arguments are those of `fit`.
        """
        self.require_inputs(source, data)
        start = source.coefficients
        parts = [self.inputs_of(data, model) for model in range(self.num_models)]
        return self._chain(source, [WeakMoments.of(pairs, start) for pairs in parts])

    def prefix_statistic(self, source: RegressionModel) -> PrefixStatistic | None:
        """The moments of every model's pairs; one set of moments if all models learn from the same inputs."""
        return PartMomentPrefixes(self.num_models) if self.inputs == "fresh" else MomentPrefixes()

    def with_sample_size(self, num_pairs: int) -> "Bootstrapping":
        """Return the chain for at most this many pairs: as many for every model, and at least one."""
        own = num_pairs // self.num_models if self.inputs == "fresh" else num_pairs
        return dataclasses.replace(self, num_weak=max(own, 1))

    def fit_statistic(
        self, source: RegressionModel, statistic: WeakMoments, *, key: Key[Array, ""]
    ) -> LinearStudent:
        models = range(self.num_models)
        if self.inputs == "shared":
            return self._chain(source, [statistic for _ in models])[-1]
        return self._chain(source, [jax.tree.map(itemgetter(model), statistic) for model in models])[-1]

    def _chain(self, source: RegressionModel, moments: Sequence[WeakMoments]) -> list[LinearStudent]:
        """Fit every model to the moments of its pairs, relative to beta_P.

        Labels are read from the first moments alone. The labels of the next models are their teacher's
        predictions, for which r = S (teacher - start).
        """
        chain: list[LinearStudent] = []
        for model, (start, own) in enumerate(zip(self.starts(source), moments, strict=True)):
            taught = chain[-1].coefficients if chain else source.coefficients
            residual = own.covariance @ (taught - start)
            if not chain:
                residual = residual + own.residual
            rule = Ridge(self.ridges[model], num_weak=self.num_weak)
            relative = WeakMoments(own.covariance, residual, own.num_pairs)
            chain.append(LinearStudent(start + ridge_step(rule, relative)))
        return chain
