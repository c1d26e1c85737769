"""Statistics of the first n weak pairs for many n, from one pass over the data.

A study sweeps sample sizes, and estimators that see the same statistic of the data. With nested data (the
first n pairs of one draw) one pass over the largest data set serves all of them.
"""

import abc
import dataclasses
import itertools
from typing import Any, NamedTuple, Protocol, runtime_checkable

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int, Key

from w2s_sim.concepts import LatentConceptModel
from w2s_sim.tasks.weak_moments import WeakMoments
from w2s_sim.weak_data import WeakData

# Pairs per block of the sums over pairs. A constant, so that the sums of the first n pairs are the same
# whichever larger data set they are part of.
BLOCK = 64
# The methods by which estimators learn from weak data.
LEARNING = ("fit", "transferred_prior", "log_posterior", "prior_path", "refined_prior")


class PrefixStatistic(abc.ABC):
    """What an estimator sees of the first n weak pairs. Statistics that are equal are computed once."""

    @abc.abstractmethod
    def prepare(self, source: Any, data: WeakData) -> Any:
        """Return a pytree from which the statistic of every prefix can be taken.

        Args:
            source: The strong model.
            data: All weak pairs.
        """

    @abc.abstractmethod
    def first(self, source: Any, prepared: Any, num_pairs: Int[Array, ""]) -> Any:
        """Return the statistic of the first pairs.

        Args:
            source: The strong model.
            prepared: What `prepare` returned.
            num_pairs: n, from 1 to the number of all pairs; may be traced.
        """


@runtime_checkable
class ReadsPrefixes(Protocol):
    """An estimator that sees the weak data through a `PrefixStatistic`."""

    @property
    def sample_size(self) -> int: ...

    def prefix_statistic(self, source: Any) -> PrefixStatistic | None:
        """Return the statistic, or None if this estimator has none for this strong model."""
        ...

    def with_sample_size(self, num_pairs: int) -> Any:
        """Return the same estimator for another number of weak pairs."""
        ...

    def fit_statistic(self, source: Any, statistic: Any, *, key: Key[Array, ""]) -> Any:
        """Fit a student to the statistic of some pairs, whose number `sample_size` need not be."""
        ...


def prefix_statistic_of(estimator: Any, source: Any) -> PrefixStatistic | None:
    """Return the statistic through which an estimator sees the weak data of a strong model; None without one.

    A subclass that learns in another way than its base class, and says nothing of statistics, has none.
    """
    if not isinstance(estimator, ReadsPrefixes):
        return None
    classes = type(estimator).__mro__
    fits = next(position for position, each in enumerate(classes) if "fit_statistic" in vars(each))
    if any(method in vars(each) for each in classes[:fits] for method in LEARNING):
        return None
    return estimator.prefix_statistic(source)


@dataclasses.dataclass(frozen=True)
class MomentPrefixes(PrefixStatistic):
    """The moments S and r, relative to the source vector: the statistic of fine-tuning."""

    def prepare(self, source: Any, data: WeakData) -> tuple[Array, Array]:
        residuals = data.labels - data.inputs @ source.coefficients
        rows = jnp.concatenate([data.inputs, residuals[:, None]], axis=1)
        blocks = jnp.pad(rows, [(0, BLOCK - rows.shape[0] % BLOCK), (0, 0)]).reshape(-1, BLOCK, rows.shape[1])

        def add(total: Array, block: Array) -> tuple[Array, Array]:
            grown = total + block.T @ block
            return grown, grown

        nothing = jnp.zeros((rows.shape[1],) * 2, rows.dtype)
        # No prefix needs the products of the last block as a whole.
        _, after = jax.lax.scan(add, nothing, blocks[:-1])
        return blocks, jnp.concatenate([nothing[None], after])

    def first(self, source: Any, prepared: tuple[Array, Array], num_pairs: Int[Array, ""]) -> WeakMoments:
        return _moments(_sum_of_first(prepared, num_pairs), num_pairs)


@dataclasses.dataclass(frozen=True)
class PartMomentPrefixes(PrefixStatistic):
    """The moments of equal consecutive parts of the first n pairs, relative to the source vector.

    The statistic of chains whose models have inputs of their own. Arrays have a leading axis for the parts.

    Attributes:
        num_parts: Number of parts; a remainder of fewer pairs than parts is left out.
    """

    num_parts: int

    def prepare(self, source: Any, data: WeakData) -> tuple[Array, Array]:
        return MomentPrefixes().prepare(source, data)

    def first(self, source: Any, prepared: tuple[Array, Array], num_pairs: Int[Array, ""]) -> WeakMoments:
        size = num_pairs // self.num_parts
        ends = [_sum_of_first(prepared, (part + 1) * size) for part in range(self.num_parts)]
        parts = [ends[0], *(end - start for start, end in itertools.pairwise(ends))]
        return jax.tree.map(lambda *each: jnp.stack(each), *(_moments(part, size) for part in parts))


def _sum_of_first(prepared: tuple[Array, Array], num_pairs: Int[Array, ""]) -> Float[Array, "rows rows"]:
    """Return the sum of the products of the rows (x, residual) over the first pairs."""
    blocks, before = prepared
    number, rest = num_pairs // BLOCK, num_pairs % BLOCK
    block = jnp.where(jnp.arange(BLOCK)[:, None] < rest, blocks[number], 0.0)
    return before[number] + block.T @ block


def _moments(total: Float[Array, "rows rows"], num_pairs: Int[Array, ""]) -> WeakMoments:
    moments = total / num_pairs
    return WeakMoments(moments[:-1, :-1], moments[:-1, -1], num_pairs.astype(moments.dtype))


@dataclasses.dataclass(frozen=True)
class PosteriorPrefixes(PrefixStatistic):
    """The log posterior of the concepts after n independent demonstrations, shape (K,), in nats."""

    def prepare(self, source: LatentConceptModel, data: WeakData) -> Float[Array, "steps K"]:
        return source.log_posterior_path(data.inputs, data.labels)

    def first(
        self, source: LatentConceptModel, prepared: Float[Array, "steps K"], num_pairs: Int[Array, ""]
    ) -> Float[Array, " K"]:
        return prepared[num_pairs]


class WeightedLikelihoods(NamedTuple):
    """Log likelihoods of pairs under every concept, and the weights of the pairs.

    Attributes:
        log_likelihood: In nats.
        weights: They sum to 1.
    """

    log_likelihood: Float[Array, "n K"]
    weights: Float[Array, " n"]


@dataclasses.dataclass(frozen=True)
class LikelihoodPrefixes(PrefixStatistic):
    """The log likelihood of every pair under every concept (n, K), and weights 1/n of the first n pairs."""

    def prepare(self, source: LatentConceptModel, data: WeakData) -> Float[Array, "n K"]:
        return source.log_likelihood(data.inputs, data.labels)

    def first(
        self, source: LatentConceptModel, prepared: Float[Array, "n K"], num_pairs: Int[Array, ""]
    ) -> WeightedLikelihoods:
        counted = jnp.arange(prepared.shape[0]) < num_pairs
        return WeightedLikelihoods(prepared, jnp.where(counted, 1.0 / num_pairs, 0.0))
