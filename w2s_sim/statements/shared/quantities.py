"""Quantities of regression tasks that several statements share."""

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from w2s_sim._checks import require_part
from w2s_sim.students import LinearPredictor
from w2s_sim.tasks.regression_task import TransferTask, require_student

# The expectation named in error messages about an argument of another type.
REGRESSION_TASK = "a task with regression concepts, such as canonical_task()"


def squared_error(task: TransferTask, student: LinearPredictor) -> Float[Array, ""]:
    """Return ||b - beta_Q||^2 in squared label units: the excess risk for isotropic features."""
    require_part("task", task, TransferTask, REGRESSION_TASK)
    require_student(task, student)
    error = student.coefficients - task.target_vector
    return error @ error


def label_scale(task: TransferTask) -> float:
    """Return the size of the labels, in label units, to which rounding errors are compared.

    It is the larger of the longest concept vector's length and the label noise. Needs concrete values.
    """
    lengths = np.linalg.norm(np.asarray(task.source.vectors, dtype=np.float64), axis=1)
    return max(float(lengths.max()), float(task.source.noise))


def transfer_geometry(task: TransferTask) -> tuple[Float[Array, ""], Float[Array, ""], Float[Array, ""]]:
    """Return a^2 = ||beta_P - beta_Q||^2, b^2 = ||beta'_Q - beta_Q||^2, and the vectors' inner product c."""
    to_source = task.source_vector - task.target_vector
    to_weak = task.weak_vector - task.target_vector
    return to_source @ to_source, to_weak @ to_weak, to_source @ to_weak


def naive_floor(task: TransferTask) -> Float[Array, ""]:
    """Return the naive floor dist(beta_Q, segment[beta'_Q, beta_P])^2, in squared label units.

    It equals (a^2 b^2 - c^2) / (a^2 + b^2 - 2c) if the nearest point lies inside the segment, that is if
    c <= min(a^2, b^2), and else the squared distance of the nearer end. It is computed from the nearest
    point, because the difference of fourth powers would suffer from cancellation.

    Source: theorem `naive-floor`, after Somerstep et al. 2025, arXiv 2405.16236.
    """
    require_part("task", task, TransferTask, REGRESSION_TASK)
    nearest = nearest_error(task)
    return nearest @ nearest


def nearest_error(task: TransferTask) -> Float[Array, " d"]:
    """Return b - beta_Q for the point b of the segment [beta'_Q, beta_P] that is nearest to beta_Q."""
    to_source = task.source_vector - task.target_vector
    to_weak = task.weak_vector - task.target_vector
    along = to_source - to_weak
    length_squared = along @ along
    distinct = length_squared > 0
    share = jnp.where(distinct, (to_source @ along) / jnp.where(distinct, length_squared, 1.0), 0.0)
    share = jnp.clip(share, 0.0, 1.0)
    return (1.0 - share) * to_source + share * to_weak


def concept_diameter(task: TransferTask) -> Float[Array, ""]:
    """Return D = max_k ||beta_k - beta_*||, in label units."""
    return jnp.sqrt(jnp.max(squared_distances(task)))


def squared_distances(task: TransferTask) -> Float[Array, " K"]:
    """Return ||beta_k - beta_*||^2, the squared distance of every concept from the intended one."""
    differences = task.source.vectors - task.source.vectors[task.target_concept]
    return jnp.sum(differences**2, axis=1)


def distance_from_line(task: TransferTask) -> Float[Array, ""]:
    """Return the squared distance of beta_Q from the line through beta'_Q and beta_P, in squared label units.

    It is at most the naive floor.
    """
    to_source = task.source_vector - task.target_vector
    step = task.weak_vector - task.source_vector
    length_squared = step @ step
    share = (to_source @ step) / jnp.where(length_squared > 0, length_squared, 1.0)
    across = to_source - share * step
    return across @ across
