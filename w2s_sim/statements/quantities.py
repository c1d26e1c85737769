"""Quantities that several statements speak about."""

import jax.numpy as jnp
from jaxtyping import Array, Float

from w2s_sim.students import LinearStudent
from w2s_sim.task import TransferTask


def squared_error(task: TransferTask, student: LinearStudent) -> Float[Array, ""]:
    """||b - beta_Q||^2 in squared label units: the excess risk when features are isotropic."""
    error = student.coefficients - task.target_vector
    return error @ error


def transfer_geometry(task: TransferTask) -> tuple[Float[Array, ""], Float[Array, ""], Float[Array, ""]]:
    """a^2 = ||beta_P - beta_Q||^2, b^2 = ||beta'_Q - beta_Q||^2 and c, the inner product of the two."""
    to_source = task.source_vector - task.target_vector
    to_weak = task.weak_vector - task.target_vector
    return to_source @ to_source, to_weak @ to_weak, to_source @ to_weak


def naive_floor(task: TransferTask) -> Float[Array, ""]:
    """dist(beta_Q, segment[beta'_Q, beta_P])^2, in squared label units.

    (a^2 b^2 - c^2) / (a^2 + b^2 - 2c) where the nearest point lies inside the segment, that is where
    c <= min(a^2, b^2); the nearer end's distance elsewhere. Computed as the distance of a point of the
    segment: rounding then never takes it far, even if the segment is short or points at the target.

    Source: theorem `naive-floor`, after Somerstep et al. 2025, arXiv 2405.16236, Theorem 3.2.
    """
    return _distance_squared(task, jnp.clip(nearest_gain(task), 0.0, 1.0))


def distance_from_line(task: TransferTask) -> Float[Array, ""]:
    """dist(beta_Q, the line through beta'_Q and beta_P)^2, which is at most the floor."""
    return _distance_squared(task, nearest_gain(task))


def nearest_gain(task: TransferTask) -> Float[Array, ""]:
    """w*, how far from beta_P to beta'_Q the point of their line lies that is nearest to beta_Q."""
    to_source = task.source_vector - task.target_vector
    step = task.weak_vector - task.source_vector
    length_squared = step @ step
    return -(to_source @ step) / jnp.where(length_squared > 0, length_squared, 1.0)


def _distance_squared(task: TransferTask, gain: Float[Array, ""]) -> Float[Array, ""]:
    to_source = task.source_vector - task.target_vector
    error = to_source + gain * (task.weak_vector - task.source_vector)
    return error @ error


def concept_diameter(task: TransferTask) -> Float[Array, ""]:
    """D = max_k ||beta_k - beta_*||, in label units."""
    return jnp.sqrt(jnp.max(squared_distances(task)))


def squared_distances(task: TransferTask) -> Float[Array, " K"]:
    """||beta_k - beta_*||^2 of every concept from the intended one."""
    differences = task.source.vectors - task.source.vectors[task.target_concept]
    return jnp.sum(differences**2, axis=1)
