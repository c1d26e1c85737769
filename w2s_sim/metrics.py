"""How good a student or a prior is, beside its excess risk."""

import jax.numpy as jnp
from jaxtyping import Array, ArrayLike, Float

from w2s_sim._checks import as_numbers


def performance_gap_recovered(
    student_risk: Float[ArrayLike, "..."],
    weak_risk: Float[ArrayLike, "..."],
    ceiling_risk: Float[ArrayLike, "..."] = 0.0,
) -> Float[Array, "..."]:
    """Share of the gap between weak model and strong ceiling that a student closes.

    (weak - student) / (weak - ceiling) of risks: 1 is the ceiling, 0 no better than the weak model,
    negative worse than it. Without a gap (a weak model as good as the ceiling) it is undefined: nan.

    Args:
        student_risk: Risk of the student, in squared label units.
        weak_risk: Risk of the weak model's own predictor.
        ceiling_risk: Risk of the strong model given the truth; 0 for excess risks.

    Source: Burns et al. 2023, arXiv 2312.09390, Section 3.
    """
    student, weak, ceiling = (
        as_numbers(field, risk, "risks: numbers")
        for field, risk in (
            ("student_risk", student_risk),
            ("weak_risk", weak_risk),
            ("ceiling_risk", ceiling_risk),
        )
    )
    gap = weak - ceiling
    return jnp.where(gap > 0, (weak - student) / jnp.where(gap > 0, gap, 1), jnp.nan)


def kl_divergence(
    target: Float[Array, "*rows m"], estimate: Float[Array, "*rows m"]
) -> Float[Array, "*rows"]:
    """KL(target || estimate) of probability vectors, in nats; inf where the estimate excludes what is there.

    Args:
        target: Probabilities along the last axis.
        estimate: Likewise.
    """
    shown, held = target > 0, estimate > 0
    ratio = jnp.where(shown & held, target, 1.0) / jnp.where(shown & held, estimate, 1.0)
    terms = jnp.where(shown, jnp.where(held, target * jnp.log(ratio), jnp.inf), 0.0)
    # Rounding can take a divergence of almost nothing below zero.
    return jnp.maximum(jnp.sum(terms, axis=-1), 0.0)


def total_variation(first: Float[Array, "*rows m"], second: Float[Array, "*rows m"]) -> Float[Array, "*rows"]:
    """Half the L1 distance of probability vectors, a probability."""
    return 0.5 * jnp.sum(jnp.abs(first - second), axis=-1)
