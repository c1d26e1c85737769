"""Metrics of students, priors and probability vectors, besides the excess risk."""

import jax.numpy as jnp
from jaxtyping import Array, ArrayLike, Float

from w2s_sim._checks import as_numbers


def performance_gap_recovered(
    student_risk: Float[ArrayLike, "..."],
    weak_risk: Float[ArrayLike, "..."],
    ceiling_risk: Float[ArrayLike, "..."] = 0.0,
) -> Float[Array, "..."]:
    """Performance gap recovered: the share of the gap between weak model and ceiling that a student closes.

    The value is (weak - student) / (weak - ceiling) for the three risks: 1 equals the ceiling, 0 equals the
    weak model, negative values are worse than the weak model. If the weak model is as good as the ceiling,
    the value is undefined: nan.

    Args:
        student_risk: Risk of the student, in squared label units.
        weak_risk: Risk of the weak model's own predictor, in the same unit.
        ceiling_risk: Risk of the strong model given the ground truth, in the same unit; 0 for excess risks.

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


def gain_over_source(
    student_risk: Float[ArrayLike, "..."], source_risk: Float[ArrayLike, "..."]
) -> Float[Array, "..."]:
    """Share of the unaligned strong model's risk that a student avoids: 1 - student / source.

    1 is a student without risk, 0 is as good as the strong model before alignment, and negative values are
    worse. A student may beat the weak model and still be worse than the strong model without any weak label.
    If the source has no risk, or an infinite one, the value is undefined: nan.

    Args:
        student_risk: Excess risk of the student, in squared label units or nats.
        source_risk: Excess risk of the strong model under its source prior, in the same unit.

    Source: the comparison with the unaligned model after Somerstep et al. 2025, arXiv 2405.16236.
    """
    student, source = (
        as_numbers(field, risk, "risks: numbers")
        for field, risk in (("student_risk", student_risk), ("source_risk", source_risk))
    )
    defined = (source > 0) & jnp.isfinite(source)
    return jnp.where(defined, 1.0 - student / jnp.where(defined, source, 1), jnp.nan)


def kl_divergence(
    target: Float[Array, "*rows m"], estimate: Float[Array, "*rows m"]
) -> Float[Array, "*rows"]:
    """KL(target || estimate) of probability vectors, in nats; inf if the estimate misses part of the support.

    Args:
        target: Probabilities along the last axis.
        estimate: Estimated probabilities along the last axis.
    """
    shown, held = target > 0, estimate > 0
    ratio = jnp.where(shown & held, target, 1.0) / jnp.where(shown & held, estimate, 1.0)
    terms = jnp.where(shown, jnp.where(held, target * jnp.log(ratio), jnp.inf), 0.0)
    # Rounding can make a divergence near zero negative.
    return jnp.maximum(jnp.sum(terms, axis=-1), 0.0)


def total_variation(first: Float[Array, "*rows m"], second: Float[Array, "*rows m"]) -> Float[Array, "*rows"]:
    """Total variation distance of probability vectors: half the L1 distance, in [0, 1]."""
    return 0.5 * jnp.sum(jnp.abs(first - second), axis=-1)
