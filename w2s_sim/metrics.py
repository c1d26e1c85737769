"""How good a student is, beside its excess risk."""

import jax.numpy as jnp
from jaxtyping import Array, ArrayLike, Float


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
    gap = jnp.asarray(weak_risk) - ceiling_risk
    return jnp.where(gap > 0, (weak_risk - jnp.asarray(student_risk)) / jnp.where(gap > 0, gap, 1), jnp.nan)
