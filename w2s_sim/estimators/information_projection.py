"""Projection of the weak labels' law on the mixtures of concepts, in the Kullback-Leibler divergence."""

from typing import Any, ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Key

from w2s_sim.concepts import FiniteModel, LatentConceptModel
from w2s_sim.errors import InputError
from w2s_sim.estimators.hull_projection import hull_weights
from w2s_sim.estimators.prior_transfer import PairByPair
from w2s_sim.fields import positive
from w2s_sim.strong_model import StrongModel
from w2s_sim.tasks.task import WeakData

# The optimality gap that counts as zero, in units of the machine epsilon and of the logarithms in it.
ROUNDINGS = 16
# Cap on the steps; usually fewer than ten are needed.
MOST_STEPS = 300
# Halvings of an interval of step sizes.
HALVINGS = 60
# A Newton step of the logarithms of the weights leaves at least this share of a weight.
LEAST_SHARE = 1e-2


@jax.jit
def information_projection(
    laws: Float[Array, "K M"], weak_law: Float[Array, " M"], prior: Float[Array, " K"]
) -> Float[Array, " K"]:
    """Return the weights w that minimise KL(p_w || T) over the mixtures p_w = sum_k w_k p_k.

    Concepts of prior zero are no part of a mixture. Neither is a concept that shows an outcome which T
    excludes: its divergence from T is infinite. If no concept is left, the divergence of every mixture is
    infinite, and the weights are the prior.

    Every step takes an exponentiated-gradient step, which always lowers the divergence, and then tries two
    Newton steps: one in the weights, which finds the concepts of weight zero, and one in the logarithms of
    the weights, which finds tiny weights. It keeps the weights of the least `optimality_gap`.

    Args:
        laws: Laws p_k of the concepts over M outcomes, one a row.
        weak_law: The law T that is projected.
        prior: Prior of the concepts; only where it is positive matters.

    Source: for the projection, Csiszar 1975, Ann. Probab. 3, 146-158.
    """
    allowed = (prior > 0) & ~jnp.any((laws > 0) & (weak_law == 0), axis=1)
    first = jnp.argmax(allowed)
    # A concept that is not allowed is replaced by a copy of one that is.
    laws = jnp.where(allowed[:, None], laws, laws[first])

    def step(state: tuple[Array, Array, Array]) -> tuple[Array, Array, Array]:
        weights, steps, _ = state
        gradient = laws @ _log_ratio(weights @ laws, weak_law)
        moved = _normalised(weights * jnp.exp(jnp.min(gradient) - gradient))
        options = [moved, _newton_step(laws, weak_law, moved), _log_newton_step(laws, weak_law, moved)]
        gaps = jnp.stack([optimality_gap(laws, weak_law, option) for option in options])
        best = jnp.argmin(gaps)
        weights = jnp.stack(options)[best]
        return (
            weights,
            steps + 1,
            gaps[best] <= ROUNDINGS * jnp.finfo(laws.dtype).eps * gap_scale(laws, weak_law, weights),
        )

    def unfinished(state: tuple[Array, Array, Array]) -> Bool[Array, ""]:
        return ~state[2] & (state[1] < MOST_STEPS)

    even = allowed / jnp.maximum(jnp.sum(allowed), 1)
    weights = jax.lax.while_loop(unfinished, step, (even, jnp.array(0), ~jnp.any(allowed)))[0]
    copies = jnp.sum(jnp.where(allowed, 0.0, weights))
    own = jnp.where(allowed, weights, 0.0).at[first].add(copies)
    return jnp.where(jnp.any(allowed), own, prior)


def optimality_gap(
    laws: Float[Array, "K M"], weak_law: Float[Array, " M"], weights: Float[Array, " K"]
) -> Float[Array, ""]:
    """Return max_k sum_o (p(o) - p_k(o)) log(p(o) / T(o)) at the mixture p, in nats.

    It bounds the distance of KL(p || T) from its minimum, and is zero there alone. Every law must be positive
    only where T is, and p wherever a law is.
    """
    mixture = weights @ laws
    logs = _log_ratio(mixture, weak_law)
    return mixture @ logs - jnp.min(laws @ logs)


def gap_scale(
    laws: Float[Array, "K M"], weak_law: Float[Array, " M"], weights: Float[Array, " K"]
) -> Float[Array, ""]:
    """Return the scale of the rounding errors in `optimality_gap`, in nats."""
    return 1.0 + jnp.max(laws @ jnp.abs(_log_ratio(weights @ laws, weak_law)))


def _log_ratio(mixture: Float[Array, " M"], weak_law: Float[Array, " M"]) -> Float[Array, " M"]:
    """log(p / T), and 0 where p or T is zero."""
    both = (mixture > 0) & (weak_law > 0)
    return jnp.log(jnp.where(both, mixture, 1.0)) - jnp.log(jnp.where(both, weak_law, 1.0))


def _normalised(weights: Float[Array, " K"]) -> Float[Array, " K"]:
    return weights / jnp.sum(weights)


def _newton_step(
    laws: Float[Array, "K M"], weak_law: Float[Array, " M"], weights: Float[Array, " K"]
) -> Float[Array, " K"]:
    """Move towards the minimum of the quadratic model of the divergence over the simplex.

    The minimum is the point of the hull of the vectors p_k / sqrt(p) nearest to sqrt(p) (1 - log(p / T)).
    """
    mixture = weights @ laws
    roots = jnp.sqrt(mixture)
    columns = jnp.where(mixture > 0, laws / jnp.where(mixture > 0, roots, 1.0), 0.0).T
    # Coordinates in the span of the columns: K numbers instead of M.
    basis, coordinates = jnp.linalg.qr(columns)
    goal = basis.T @ (roots * (1.0 - _log_ratio(mixture, weak_law)))
    wanted = hull_weights(coordinates.T, goal, jnp.eye(len(goal), dtype=goal.dtype))
    share = _step_size(mixture, wanted @ laws, weak_law)
    return _normalised((1.0 - share) * weights + share * wanted)


def _step_size(
    mixture: Float[Array, " M"], wanted: Float[Array, " M"], weak_law: Float[Array, " M"]
) -> Float[Array, ""]:
    """The t in [0, 1] at which the divergence of (1 - t) mixture + t wanted from the weak law is least."""
    change = wanted - mixture

    def slope(t: Float[Array, ""]) -> Float[Array, ""]:
        between = (1.0 - t) * mixture + t * wanted
        steep = jnp.where(change < 0, jnp.inf, 0.0)
        return jnp.sum(jnp.where(between > 0, change * _log_ratio(between, weak_law), steep))

    def halve(_: Any, ends: tuple[Array, Array]) -> tuple[Array, Array]:
        low, high = ends
        middle = 0.5 * (low + high)
        falling = slope(middle) < 0
        return jnp.where(falling, middle, low), jnp.where(falling, high, middle)

    ends = jnp.zeros_like(mixture[0]), jnp.ones_like(mixture[0])
    inside = jax.lax.fori_loop(0, HALVINGS, halve, ends)[0]
    return jnp.where(slope(ends[1]) <= 0, 1.0, inside)


def _log_newton_step(
    laws: Float[Array, "K M"], weak_law: Float[Array, " M"], weights: Float[Array, " K"]
) -> Float[Array, " K"]:
    """Newton step in the logarithms of the weights, damped for concepts whose weights should fall to zero."""
    mixture = weights @ laws
    gradient = laws @ _log_ratio(mixture, weak_law)
    slack = gradient - jnp.min(gradient)
    roots = jnp.sqrt(weights)
    shares = roots[:, None] * laws / jnp.sqrt(jnp.where(mixture > 0, mixture, 1.0))
    matrix = shares @ shares.T + jnp.diag(slack + 4 * jnp.finfo(laws.dtype).eps)
    solved = jnp.linalg.solve(matrix, jnp.stack([roots * slack, roots], axis=1))
    # The multiplier that keeps the sum of the weights.
    level = (roots @ solved[:, 0]) / (roots @ solved[:, 1])
    change = roots * (level * solved[:, 1] - solved[:, 0])
    return _normalised(jnp.maximum(weights + change, LEAST_SHARE * weights))


class InformationProjection(PairByPair):
    """The mixture of concepts that has the least divergence from the law of the weak labels.

    The student minimises KL(p || T) over the mixtures p of the strong model's concepts: the reverse
    divergence, while maximum likelihood minimises KL(T || p). T is the law of one weak demonstration over the
    outcomes (x, y), estimated from the frequencies in the weak data. Each outcome has a pseudo-count, because
    KL(p || T) is infinite if p shows an outcome that T excludes.

    Attributes:
        pseudo_count: Count > 0 that is added to every outcome.
        num_weak: Number of weak pairs n >= 1.

    Source: after Mulgund & Pabbaraju 2025, arXiv 2501.19105; for the projection, Csiszar 1975.
    """

    concepts: ClassVar[type[StrongModel]] = FiniteModel
    pseudo_count: Float[Array, ""] = eqx.field(converter=positive("pseudo_count"), default=0.5)

    def weak_law(self, source: FiniteModel, data: WeakData) -> Float[Array, " M"]:
        """Estimated law T of one weak demonstration over the outcomes of the strong model."""
        counts = source.outcome_counts(data.inputs, data.labels) + self.pseudo_count
        return counts / jnp.sum(counts)

    def transferred_prior(
        self, source: LatentConceptModel, data: WeakData, *, key: Key[Array, ""]
    ) -> Float[Array, " K"]:
        """Return the weights of the projection, which are unique if the concepts' laws are independent.

        Raises:
            InputError: If the concepts do not have finitely many outcomes, or too many to enumerate.
        """
        if not isinstance(source, FiniteModel):
            raise InputError("source", type(source).__name__, "concepts with finitely many outcomes")
        laws = jnp.exp(source.log_outcome_probabilities())
        return information_projection(laws, self.weak_law(source, data), source.prior)
